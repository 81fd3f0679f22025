// @ts-check
// Lay a history out in lanes: which column a commit stands in, and the lines to its parents.

/**
 * @typedef {{hash: string, parents: string[]}} Commit
 * @typedef {{column: number, enters: boolean, passing: number[], targets: number[], width: number}} Place
 * `enters`: a line comes from above; `passing`: lanes that go by; `targets`: the parents' lanes.
 */

/**
 * Return a place per commit, newest first as git tells them. Lanes go on from call to call when
 * `open` (the hashes that each lane waits for, null when it is free) is handed in again.
 * @param {Commit[]} commits
 * @param {(string | null)[]} open
 * @returns {Place[]}
 */
export function layOut(commits, open = []) {
  return commits.map((commit) => place(commit, open));
}

function place(commit, open) {
  const enters = open.includes(commit.hash);
  const column = claim(open, commit.hash);
  const passing = lanesBeside(open, commit.hash);
  for (let lane = 0; lane < open.length; lane += 1) if (open[lane] === commit.hash) open[lane] = null;
  const targets = commit.parents.map((parent, rank) => reach(open, parent, rank === 0 ? column : -1));
  trim(open);
  return { column, enters, passing, targets, width: Math.max(column, ...passing, ...targets) + 1 };
}

// The lane that waits for this commit, or a free one for the tip of a branch.
function claim(open, hash) {
  const waiting = open.indexOf(hash);
  if (waiting >= 0) return waiting;
  const free = open.indexOf(null);
  const lane = free >= 0 ? free : open.length;
  open[lane] = hash;
  return lane;
}

function lanesBeside(open, hash) {
  return open.flatMap((waits, lane) => (waits !== null && waits !== hash ? [lane] : []));
}

function reach(open, parent, preferred) {
  const known = open.indexOf(parent);
  if (known >= 0) return known;
  const free = preferred >= 0 && open[preferred] === null ? preferred : open.indexOf(null);
  const lane = free >= 0 ? free : open.length;
  open[lane] = parent;
  return lane;
}

function trim(open) {
  while (open.length && open[open.length - 1] === null) open.pop();
}
