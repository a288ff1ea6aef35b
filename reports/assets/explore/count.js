"use strict";
// Counting what a draft does: one walk over the rows, a few additions each.

/**
 * @typedef {object} Tally records and their amount by label: unlabeled, legit, fraud
 * @property {number[]} records
 * @property {number[]} amount
 *
 * @typedef {object} Counts what a policy did, as replay.Result has it
 * @property {Tally[]} actions by action, of which 0 are the undecided
 * @property {number[]} calls  of the first and the second product
 * @property {Tally[]} open    the undecided by first class
 * @property {Tally[]} parts   by the part that decided
 * @property {Tally[][]} swap  by the champion's action and by the draft's
 * @property {Tally} stopped   what the draft approves and production stopped; where nobody knows what it did, the champion stands for it
 * @property {number[]} possible see Decider
 */

const newTally = () => ({ records: [0, 0, 0], amount: [0, 0, 0] });
const tallies = (n) => Array.from({ length: n }, newTally);
const sumOf = (t) => t.records[0] + t.records[1] + t.records[2];
const labeledOf = (t) => t.records[1] + t.records[2];

/** Adds a tally to another. */
function addTo(into, t) {
  for (let l = 0; l < 3; l++) {
    into.records[l] += t.records[l];
    into.amount[l] += t.amount[l];
  }
}

/**
 * The action of the champion on each row and, behind it as its lowest bit, whether production stopped the record.
 * @returns {Uint8Array}
 */
function origins(page, cube, champion) {
  const out = new Uint8Array(cube.rows);
  const past = page.groups.map((g) => g.past), fired = page.groups.map((g) => g.fired);
  for (let i = 0; i < cube.rows; i++) {
    const g = cube.group[i];
    const part = champion.part[(fired[g] * ROWS + champion.first[cube.first[i]]) * (ROWS + 1) + champion.second[cube.second[i]]];
    const action = champion.action[part];
    out[i] = action * 2 + (lets(past[g] || action) ? 0 : 1);
  }
  return out;
}

/**
 * Counts what a draft does with the rows of the groups that are kept.
 * @param {object} page
 * @param {Cube} cube
 * @param {Decider} d
 * @param {Uint8Array} keep 1 for each group that counts
 * @param {Uint8Array} from see origins
 * @returns {Counts}
 */
function countDraft(page, cube, d, keep, from) {
  const parts = d.action.length;
  const n = new Float64Array(2 * ACTIONS * parts * 3), amount = new Float64Array(n.length);
  // A group's place in the table of decisions, or -1 where it does not count.
  const base = Int32Array.from(page.groups, (g, i) => (keep[i] ? g.fired * ROWS * (ROWS + 1) : -1));
  const { first, second, group, label } = cube;
  for (let i = 0; i < cube.rows; i++) {
    const at = base[group[i]];
    if (at < 0) continue;
    const part = d.part[at + d.first[first[i]] * (ROWS + 1) + d.second[second[i]]];
    const k = (from[i] * parts + part) * 3 + label[i];
    n[k] += cube.n[i];
    amount[k] += cube.amount[i];
  }
  return gather(d, n, amount);
}

/** Turns the sums of the walk into counts. */
function gather(d, n, amount) {
  const parts = d.action.length;
  const out = {
    actions: tallies(ACTIONS), calls: [0, 0], open: tallies(ROWS), parts: tallies(parts),
    swap: Array.from({ length: ACTIONS }, () => tallies(ACTIONS)), stopped: newTally(), possible: d.possible,
  };
  for (let origin = 0; origin < 2 * ACTIONS; origin++) {
    for (let part = 0; part < parts; part++) {
      const k = (origin * parts + part) * 3;
      const t = { records: [n[k], n[k + 1], n[k + 2]], amount: [amount[k], amount[k + 1], amount[k + 2]] };
      const records = sumOf(t);
      if (records === 0) continue;
      addTo(out.parts[part], t);
      addTo(out.swap[origin >> 1][d.action[part] % NEXT], t);
      out.calls[0] += records;
      if (d.called[part]) out.calls[1] += records;
      if (origin & 1 && lets(d.action[part])) addTo(out.stopped, t);
    }
  }
  for (let part = 0; part < parts; part++) {
    const undecided = part >= OPEN && part < RULE;
    addTo(out.actions[undecided ? UNDECIDED : d.action[part] % NEXT], out.parts[part]);
    if (undecided) addTo(out.open[part - OPEN], out.parts[part]);
  }
  return out;
}

/**
 * The groups that a period and segments leave.
 * @param {object} page
 * @param {{from: number, to: number, segments: (number[]|null)[]}} filter places of months, and for each segment field the places of the values to keep, null for all
 */
function keptGroups(page, filter) {
  return Uint8Array.from(page.groups, (g) => {
    if (g.key[0] < filter.from || g.key[0] > filter.to) return 0;
    return filter.segments.every((values, f) => values === null || values.includes(g.key[f + 1])) ? 1 : 0;
  });
}

/**
 * How many records of each label have each score of a product, and under which places of its answers.
 * @returns {Float64Array} by answer and label
 */
function histogram(page, cube, axis, keep) {
  const place = axis === 0 ? cube.first : cube.second;
  const out = new Float64Array(page.products[axis].answers.status.length * 3);
  for (let i = 0; i < cube.rows; i++) {
    if (keep[cube.group[i]]) out[place[i] * 3 + cube.label[i]] += cube.n[i];
  }
  return out;
}
