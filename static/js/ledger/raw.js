// @ts-check
// A ledger's text with line numbers; only the parts near the visible one are in the page.
import { h } from "../lib/dom.js";

const PER_PART = 200;
const LINE_PX = 20;

/**
 * Show a text in `box`; returns how to go to a line.
 * @param {HTMLElement} box
 * @param {string} text
 * @param {Map<number, any[]>} problems by line
 * @returns {(line: number) => void}
 */
export function showRaw(box, text, problems) {
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  const width = String(lines.length).length;
  const watcher = new IntersectionObserver(
    (seen) => seen.forEach((one) => one.isIntersecting && build(one.target)),
    { root: box, rootMargin: "600px" },
  );
  const parts = [];
  for (let start = 0; start < lines.length; start += PER_PART) {
    const part = h("div", { class: "raw-part", dataset: { start: String(start) } });
    part.style.minHeight = `${Math.min(PER_PART, lines.length - start) * LINE_PX}px`;
    parts.push(part);
  }
  box.replaceChildren(...parts);
  parts.forEach((part) => watcher.observe(part));

  function build(part) {
    watcher.unobserve(part);
    if (part.childElementCount) return;
    const start = Number(part.dataset.start);
    const shown = lines.slice(start, start + PER_PART);
    part.append(
      ...shown.map((line, index) =>
        rawLine(start + index + 1, line, problems.get(start + index + 1), width),
      ),
    );
  }

  return (line) => {
    const part = parts[Math.floor((line - 1) / PER_PART)];
    if (!part) return;
    build(part);
    for (const old of box.querySelectorAll(".is-target")) old.classList.remove("is-target");
    const row = part.children[(line - 1) % PER_PART];
    row.classList.add("is-target");
    box.scrollTop = part.offsetTop + row.offsetTop - part.offsetTop - box.clientHeight / 3;
    box.focus({ preventScroll: true });
  };
}

function rawLine(number, text, problems, width) {
  const worst = problems && problems[0];
  const marks = problems ? problems.map((one) => one.message).join("\n") : "";
  return h(
    "div",
    {
      class: worst ? `raw-line is-${worst.severity}` : "raw-line",
      dataset: { line: String(number) },
      title: marks,
    },
    h("span", { class: "raw-number", "aria-hidden": "true" }, String(number).padStart(width)),
    h("span", { class: "raw-text" }, text || "\u00a0"),
    worst ? h("span", { class: "visually-hidden" }, ` (${marks})`) : null,
  );
}
