// @ts-check
// What was learned from the recorded runs, and the training that learns it.
import { get, post } from "../lib/api.js";
import { fill, h, need } from "../lib/dom.js";
import { day, number, relative, stamp, t } from "../lib/i18n.js";
import { live } from "../lib/live.js";
import { has } from "../lib/page.js";
import { forbid, may } from "../lib/role.js";
import { told } from "../lib/reasons.js";
import { explain, keepFresh, say } from "../lib/section.js";
import { toast } from "../lib/ui.js";

const LOOK_SECONDS = 60;
const FRESH_ON = ["ml_training_finished"];

/** Show the state of learning and wire its buttons. @param {HTMLElement} root */
export function mount(root) {
  const part = (id) => need(root, `#${id}`);
  if (!has("learning")) return showMissing(root, part);
  const look = keepFresh(root, readAll, (found) => show(part, found), { seconds: LOOK_SECONDS, events: FRESH_ON });
  forbid([part("ml-train"), part("ml-cancel"), part("ml-schedule-toggle")], "write");
  live.on("ml_training_progress", (training) => showTraining(part, training));
  part("ml-train").addEventListener("click", () => act(look, () => post("/api/ml/train", { epochs: Number(part("ml-epochs").value) })));
  part("ml-cancel").addEventListener("click", () => act(look, () => post("/api/ml/train/cancel", {})));
  part("ml-schedule-toggle").addEventListener("click", () =>
    act(look, () => post(`/api/ml/retrain/${part("ml-schedule-toggle").dataset.verb}`, {})));
}

/** Say how to switch it on, and ask nothing of routes that are off. */
function showMissing(root, part) {
  say(root, t("Learning is not installed here. To have it: pip install 'orch-next[ml]', then start the server again."));
  [part("ml-train"), part("ml-epochs")].forEach((one) => (one.disabled = true));
  part("ml-status-content").hidden = true;
}

async function readAll() {
  const [status, retrain] = await Promise.all([get("/api/ml/status"), get("/api/ml/retrain/status")]);
  return { status, retrain };
}

async function act(look, work) {
  try {
    const answer = await work();
    if (answer.message) toast(told(answer.message), { kind: "ok" });
  } catch (error) {
    toast(explain(error), { kind: "error" });
  }
  look();
}

function show(part, { status, retrain }) {
  part("ml-model-count").textContent = number(status.model_count);
  part("ml-data-count").textContent = number(status.training_data_count);
  part("ml-last-training").textContent = status.last_training_time ? relative(status.last_training_time) : "—";
  part("ml-accuracy").textContent = status.model_count ? `${number(Math.round(status.average_accuracy * 10) / 10)} %` : "—";
  showTraining(part, status.training);
  showSchedule(part, retrain);
  const models = document.getElementById("ml-models");
  if (models) fill(models, ...(status.models.length ? status.models.map(modelRow) : [noModel(status)]));
}

function showTraining(part, training) {
  const running = training.state === "running";
  part("ml-cancel").hidden = !running;
  part("ml-train").disabled = running || !may("train");
  const bar = part("ml-progress");
  bar.hidden = !running;
  if (running && training.epochs) bar.value = Math.min(1, training.step / training.epochs);
  part("ml-training").textContent = wordsFor(training);
}

function wordsFor(training) {
  const words = {
    idle: "",
    running: t("Training {script}, step {step} of {epochs}", training),
    done: t("The last training made {models} models and skipped {skipped} scripts with too few runs.", training),
    cancelled: t("The last training was cancelled; finished models stay."),
    failed: t("The last training failed: {error}", training),
  };
  return words[training.state] ?? training.state;
}

function showSchedule(part, retrain) {
  const hours = number(retrain.config.retrain_interval_hours);
  part("ml-schedule").textContent = retrain.is_running
    ? t("Trains by itself every {hours} hours; next {when}.", { hours, when: retrain.next_run_estimate ? relative(retrain.next_run_estimate) : "—" })
    : t("Does not train by itself.");
  const toggle = part("ml-schedule-toggle");
  toggle.hidden = false;
  toggle.dataset.verb = retrain.is_running ? "stop" : "start";
  toggle.textContent = retrain.is_running ? t("Stop the schedule") : t("Train every {hours} hours", { hours });
}

function noModel(status) {
  const why = status.training_data_count
    ? t("No model yet. A script needs 20 runs that recorded all four parameters; then train.")
    : t("No run has been recorded yet. Finished jobs are recorded by themselves.");
  return h("tr", { class: "empty" }, h("td", { colSpan: 7 }, why));
}

function modelRow(model) {
  const score = model.score || {};
  const share = (value, digits) => (typeof value === "number" ? number(Number(value.toFixed(digits))) : "—");
  return h("tr", {},
    h("th", { scope: "row" }, h("code", {}, model.script)),
    h("td", { class: "num" }, number(model.version)),
    h("td", { class: "num" }, number(model.samples)),
    h("td", {}, `${day(model.data_from.slice(0, 10))} – ${day(model.data_to.slice(0, 10))}`),
    h("td", { class: "num" }, typeof score.accuracy === "number" ? `${share(score.accuracy, 1)} %` : "—"),
    h("td", { class: "num" }, `${share(score.brier, 3)} (${share(score.brier_of_rate, 3)})`),
    h("td", { title: stamp(model.created_at) }, relative(model.created_at)));
}
