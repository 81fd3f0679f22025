// @ts-check
// What was typed and not saved: kept for this tab, so that Escape or a reload loses no text.

const key = (id, name) => `orch:draft:${id}:${name}`;

/** Return the draft of one cell, or null. */
export function draftOf(id, name) {
  return read(() => sessionStorage.getItem(key(id, name)));
}

/** Keep a draft, or forget it when `text` is null. */
export function keepDraft(id, name, text) {
  read(() => {
    if (text === null) sessionStorage.removeItem(key(id, name));
    else sessionStorage.setItem(key(id, name), text);
    return null;
  });
}

// A browser that forbids storage, or whose storage is full, edits without drafts.
function read(ask) {
  try {
    return ask();
  } catch {
    return null;
  }
}
