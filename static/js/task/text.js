// @ts-check
// A cell's value and the text that stands in its field.

// The blank ends what stands before it, such as an id in `depends=003 <br>` (docs/dispatcher.md).
const BREAK = " <br>";

/** Return what stands in the field for a cell's value: an empty cell is empty. */
export function toField(name, value) {
  const text = value === "-" ? "" : value || "";
  return name === "notes" ? text.replace(/ ?<br>/g, "\n") : text;
}

/** Return the cell's value for what stands in the field; a line of a note ends in `<br>`. */
export function fromField(name, text) {
  return name === "notes" ? text.trim().replace(/[ \t]*(?:\r\n?|\n)/g, BREAK) : text.trim();
}

/** Tell whether this key stroke saves; Enter is a line of its own in notes. */
export function isSave(name, event) {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return false;
  return name !== "notes" || event.ctrlKey || event.metaKey;
}
