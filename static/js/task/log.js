// @ts-check
// A job's output as it grows: read by offset, shown without colours, the newest lines kept.
import { get } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { number, t } from "../lib/i18n.js";

const MOST_LINES = 2_000;
const NEAR_END_PX = 24;
// A busy job tells of many lines a second; they are read together.
const GATHER_MS = 200;
// The server gives 64 KB at a time: a piece nearly as long has more behind it.
const FULL_PIECE = 65_000;
// CSI and OSC sequences, and the two-character escapes.
const ANSI =
  /\u001b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
// What else would move the cursor or ring the bell.
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** Return a line as a terminal would leave it: no colours, the last text after a carriage return. */
export function plainLine(line) {
  const text = line.replace(ANSI, "").replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1).replace(CONTROLS, "");
}

/**
 * Show the log of attempts in `root`.
 * @returns {{show: (attempt: number, title: string) => void, told: (event: {attempt: number, offset: number}) => void, pull: () => void}}
 */
export function makeLog(root, id) {
  const lines = root.querySelector("[data-lines]");
  const cut = root.querySelector("[data-cut]");
  const follow = root.querySelector("[data-follow]");
  let attempt = 0;
  let offset = 0;
  let planned = 0;
  let dropped = 0;
  let open = "";
  let reading = false;
  let atEnd = true;

  lines.addEventListener("scroll", () => {
    atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < NEAR_END_PX;
    follow.hidden = atEnd;
  });
  follow.addEventListener("click", () => {
    atEnd = true;
    toEnd();
    lines.focus();
  });
  root.querySelector("[data-save]").addEventListener("click", save);

  function show(wanted, title) {
    root.querySelector("[data-log-title]").textContent = title;
    root.hidden = false;
    if (wanted === attempt) return pull();
    [attempt, offset, dropped, open, atEnd] = [wanted, 0, 0, "", true];
    cut.hidden = true;
    fill(lines);
    return pull();
  }

  function told(event) {
    if (event.attempt === attempt && event.offset > offset) soon();
  }

  function soon() {
    planned ||= setTimeout(() => ((planned = 0), pull()), GATHER_MS);
  }

  // One request at a time.
  async function pull() {
    if (reading) return soon();
    reading = true;
    const of = attempt;
    try {
      let more = true;
      while (more && of === attempt) {
        const from = offset;
        const path = `/jobs/${encodeURIComponent(id)}/log?attempt=${of}&offset=${from}`;
        const found = await get(path);
        if (of !== attempt) break;
        offset = found.next_offset;
        append(found.text);
        more = offset - from >= FULL_PIECE;
      }
    } catch {
      // The next event or look asks again.
    } finally {
      reading = false;
    }
    return undefined;
  }

  function append(text) {
    if (!text) return;
    const parts = (open + text).split("\n");
    if (open) lines.lastElementChild?.remove();
    open = parts.pop() || "";
    const fresh = open ? [...parts, open] : parts;
    const over = fresh.length - MOST_LINES;
    const shown = over > 0 ? fresh.slice(over) : fresh;
    lines.append(
      ...shown.map((line) => h("div", { class: "job-line" }, plainLine(line) || "\u00a0")),
    );
    drop(Math.max(0, over));
    if (atEnd) toEnd();
  }

  function drop(already) {
    dropped += already;
    while (lines.childElementCount > MOST_LINES) {
      lines.firstElementChild.remove();
      dropped += 1;
    }
    cut.hidden = !dropped;
    cut.textContent = dropped
      ? t("{count} earlier lines are not shown; save the log to read them.", {
          count: number(dropped),
        })
      : "";
  }

  function toEnd() {
    lines.scrollTop = lines.scrollHeight;
    follow.hidden = true;
  }

  async function save() {
    const parts = [];
    let from = 0;
    for (;;) {
      const found = await get(
        `/jobs/${encodeURIComponent(id)}/log?attempt=${attempt}&offset=${from}`,
      );
      parts.push(found.text);
      if (found.next_offset === from) break;
      from = found.next_offset;
    }
    saveText(parts, `${id}-${attempt}.log`);
  }

  return { show, told, pull };
}

/** Let the reader keep texts as one file. */
export function saveText(parts, name) {
  const address = URL.createObjectURL(new Blob(parts, { type: "text/plain;charset=utf-8" }));
  const link = h("a", { href: address, download: name.replace(/[\\/:*?"<>|]/g, "_") });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
