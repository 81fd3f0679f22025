// @ts-check
// Sending something again after a lost answer: the same content goes under the same key, so that
// it has one effect; other content is another request.

/** Return `{keyFor, done}`; `makeKey` makes a key that was never used. @param {() => string} makeKey */
export function makeResend(makeKey) {
  let content = "";
  let key = "";
  return {
    /** Return the key to send this under. @param {object} fields */
    keyFor(fields) {
      const now = JSON.stringify(fields);
      if (!key || now !== content) [content, key] = [now, makeKey()];
      return key;
    },

    /** Say that it was answered: the same content again is wanted once more. */
    done() {
      key = "";
    },
  };
}
