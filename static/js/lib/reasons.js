// @ts-check
// The server's fixed sentences in the page's language. The routes answer in English, for programs;
// what a person reads is told here. A sentence that is not listed is shown as it came.

import { lang, t as translate } from "./i18n.js";
import { patternOf } from "./pattern.js";

/** What the legacy says in Japanese, on English pages. @type {(said: string) => string} */
const inEnglish = lang === "en" ? (await import("./japanese.js")).inEnglish : (said) => said;

/** Marks a text for the catalogue. @param {string} text */
const t = (text) => text;

// The first that fits counts: those with more fixed words stand before those with fewer.
const SENTENCES = [
  t("no core is {owner} or has that role"),
  t("owner {owner} is neither {core} nor its role {role}"),
  t("{core} works on {load} of at most {limit} tasks"),
  t("no session is open for {cores}"),
  t("the status is {status}, not READY"),
  t("{holder} holds the lease until {end}"),
  t("the lock {lock} (until {end}) is not the dispatcher's"),
  t("{id} depends on itself"),
  t("{id} is not in the ledger"),
  t("{id} is {status}, not DONE"),
  t("approval {id} waits for a decision"),
  t("{failed} failed attempts (limit {limit})"),
  t("the id {id} stands in more than one row"),
  t("{count} rows have the id {id}"),
  t("{id} has the unknown status {status}"),
  t("the id is too long"),
  t("text directly under a table"),
  t("a second delimiter row in a table"),
  t("{count} cells where the table has {columns}"),
  t("more than one column is called {name}: the first one counts"),
  t("a table with other columns than the ledger's ({names}): nothing is listed"),
  t("{file} is damaged; its last good rows are shown"),
  t("{core} did not fetch {id}"),
  t("line {line} is in a dialect that is only read"),
  t(
    "{id} is a heading with bullets, which is only read: stop the server, then `orch-next migrate apply --step state --sections --source DIR --target DIR` makes a table of the headings (DIR: the folder that holds ORCH)",
  ),
  t(
    "{id} is only read: stop the server, then `orch-next migrate apply --step state --sections --source DIR --target DIR` makes a table of the headings (DIR: the folder that holds ORCH)",
  ),
  t("another process dispatches for this STATE folder"),
  t("coreId may hold 1 to 64 of A-Z a-z 0-9 _ . -"),
  t("intervalSec must be a whole number"),
  t("intervalSec must be between 0 and {most}"),
  t("task {id} is {status}, which is final"),
  t("task {id} is {status} by this decision: undo that first"),
  t("only CMD may change {id} from {from} to {to}"),
  t("only CMD may take {id} from {from} back to {to}"),
  t("task {id} cannot go from {from} to {to}"),
  t("approval {id} is already {status}"),
  t("approval {id} belongs to {task}: it stays"),
  t("{who} requested {id}: another decides"),
  t("{action} needs the role {roles}, not {role}"),
  t("the {what} {claimed} in the body is not yours ({proved})"),
  t("no task has the id {id}"),
  t("no approval has the id {id}"),
  t("the journal has no entry {id}"),
  t("journal entry {id} ({event}) changed no row"),
  t("{id} was changed since by {who}"),
  t("{id} is at revision {rev} by now"),
  t("{file} is missing"),
  t("{file} is held by another writer"),
  t("{file} is being written by another request"),
  t("{file} is being read for the first time"),
  t("{file} is being saved by others all the time"),
  t("{file} is open for writing in an editor"),
  t("{file}: git is merging; finish or abort the merge first"),
  t("{file}: git {operation} is not finished; finish or abort it first"),
  t("{file}: git is at work in its folder"),
  t(
    "{file} has no table that a row could go to: stop the server, then `orch-next migrate apply --step state --sections --source DIR --target DIR` makes a table of the headings (DIR: the folder that holds ORCH)",
  ),
  t("{file} has no table that a row could go to"),
  t("{file}: the table's header has changed since"),
  t("{file}: the line has more cells than the table"),
  t("{place}: {cells} cells where the table has {columns}: a pipe without a backslash?"),
  t("{place}: {cells} cells where the table has {columns}"),
  t("{place}: a cell below a column without a name: a pipe without a backslash?"),
  t("a cell cannot hold the character {character}"),
  t("the journal's database cannot be used: {reason}"),
  t("Git repository not found"),
  t("Job not found"),
  t("a training is running already"),
  t("the host was not looked at yet"),
  t("unauthorized"),
  t("{name} is required"),
  t("{name} must be a string"),
].map((text) => ({ text, pattern: patternOf(text) }));

/** Return what an error says. @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** Return one of the server's sentences in the page's language. @param {any} message @returns {string} */
export function told(message) {
  const said = String(message ?? "");
  if (lang === "en") return inEnglish(said);
  for (const { text, pattern } of SENTENCES) {
    const found = pattern.exec(said);
    if (found) return translate(text, found.groups || {});
  }
  return said;
}

/** Return why a request failed, for people; `text` has the `{reason}`. @param {any} error @param {string} [text] */
export function reason(error, text = translate(t("Not done: {reason}"))) {
  if (error.status === 0) return translate(t("The server cannot be reached."));
  if (error.status === 503 && error.retryAfter) {
    const seconds = error.retryAfter;
    return translate(t("The ledger is in use. Try again in {seconds} s."), { seconds });
  }
  return translate(text, { reason: told(error.message) });
}
