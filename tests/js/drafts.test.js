import assert from "node:assert/strict";
import { test } from "node:test";

const { keepFormDraft } = await import("../../static/js/lib/form-draft.js");

function makeForm(fields) {
  const form = new EventTarget();
  return Object.assign(form, { dataset: { draft: "task" }, elements: fields.map((one) => ({ type: "text", id: "", value: "", ...one })) });
}

function makeStorage() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key), kept };
}

const values = (form) => form.elements.map((one) => one.value);

test("what was typed and not sent is there again, secrets are not", () => {
  const storage = makeStorage();
  const fields = [{ name: "title" }, { id: "notes" }, { name: "password", type: "password" }];
  const form = makeForm(fields);
  keepFormDraft(form, storage);
  ["議事録 C:\\会議\\1.md", "<b>一行</b>\n二行", "秘密"].forEach((value, at) => (form.elements[at].value = value));
  form.dispatchEvent(new Event("input"));
  const again = makeForm(fields);
  keepFormDraft(again, storage);
  assert.deepEqual(values(again), ["議事録 C:\\会議\\1.md", "<b>一行</b>\n二行", ""]);
  assert.doesNotMatch([...storage.kept.values()].join(), /秘密/);
});

test("a form that was sent or cleared leaves nothing", () => {
  const storage = makeStorage();
  const form = makeForm([{ name: "title", value: "題名" }]);
  keepFormDraft(form, storage);
  form.dispatchEvent(new Event("change"));
  form.dispatchEvent(new Event("reset"));
  assert.equal(storage.kept.size, 0);
});

test("a broken draft and a browser without storage are no failure", () => {
  const broken = { ...makeStorage(), getItem: () => "{" };
  const closed = { getItem: () => { throw new Error("forbidden"); }, setItem: () => { throw new Error("full"); }, removeItem: () => {} };
  for (const storage of [broken, closed]) {
    const form = makeForm([{ name: "title", value: "題名" }]);
    keepFormDraft(form, storage);
    form.dispatchEvent(new Event("input"));
    assert.deepEqual(values(form), ["題名"]);
  }
});
