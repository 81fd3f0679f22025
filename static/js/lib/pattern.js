// @ts-check
// Sentences with values in them, recognised.

/** Return the pattern of a sentence with `{names}`. @param {string} text */
export function patternOf(text) {
  const source = text.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>.+?)");
  return new RegExp(`^${source}$`, "s");
}
