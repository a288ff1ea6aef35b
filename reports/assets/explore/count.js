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
  return new Counter(page, cube, keep, from).count(d);
}

/**
 * Counts one draft after the other. Where a draft differs from the one before in the edges of one product alone, as on the way of a
 * slider, only the rows between the old and the new edge are looked at: sums of integers lose nothing when some are taken out and
 * put in elsewhere.
 */
class Counter {
  constructor(page, cube, keep, from) {
    Object.assign(this, { page, cube, from, before: null });
    // A group's place in the table of decisions, or -1 where it does not count.
    this.base = Int32Array.from(page.groups, (g, i) => (keep[i] ? g.fired * ROWS * (ROWS + 1) : -1));
  }

  /**
   * @param {Decider} d
   * @returns {Counts}
   */
  count(d) {
    if (this.before === null || !equalColumns(this.before.part, d.part) || !this.follow(d)) this.recount(d);
    this.before = d;
    return gather(d, this.n, this.amount);
  }

  recount(d) {
    const parts = d.action.length;
    const n = this.n = new Float64Array(2 * ACTIONS * parts * 3), amount = this.amount = new Float64Array(n.length);
    const { cube, base, from } = this, { first, second, group, label } = cube;
    for (let i = 0; i < cube.rows; i++) {
      const at = base[group[i]];
      if (at < 0) continue;
      const part = d.part[at + d.first[first[i]] * (ROWS + 1) + d.second[second[i]]];
      const k = (from[i] * parts + part) * 3 + label[i];
      n[k] += cube.n[i];
      amount[k] += cube.amount[i];
    }
  }

  /** Moves the rows whose class changed from part to part; false where these are too many, or changed for both products. */
  follow(d) {
    const was = this.before, moved = [changedPlaces(was.first, d.first), changedPlaces(was.second, d.second)];
    if (moved[0].length > 0 && moved[1].length > 0) return false;
    const axis = moved[0].length > 0 ? 0 : 1, { start, order } = rowsByAnswer(this.page, this.cube, axis);
    const rows = moved[axis].reduce((sum, place) => sum + start[place + 1] - start[place], 0);
    if (rows > this.cube.rows / 4) return false;
    const parts = d.action.length, { cube, base, from, n, amount } = this, { first, second, group, label } = cube;
    for (const place of moved[axis]) {
      for (let j = start[place]; j < start[place + 1]; j++) {
        const i = order[j], at = base[group[i]];
        if (at < 0) continue;
        const out = was.part[at + was.first[first[i]] * (ROWS + 1) + was.second[second[i]]];
        const into = d.part[at + d.first[first[i]] * (ROWS + 1) + d.second[second[i]]];
        const k = from[i] * parts * 3 + label[i];
        n[k + out * 3] -= cube.n[i];
        amount[k + out * 3] -= cube.amount[i];
        n[k + into * 3] += cube.n[i];
        amount[k + into * 3] += cube.amount[i];
      }
    }
    return true;
  }
}

const equalColumns = (a, b) => a.length === b.length && a.every((v, i) => v === b[i]);

/** The places at which two columns of one length differ. */
function changedPlaces(a, b) {
  const out = [];
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) out.push(i);
  return out;
}

/** The rows of each answer of a product: those of answer a stand in order from start[a] on. It is made once for each product. */
function rowsByAnswer(page, cube, axis) {
  cube.byAnswer = cube.byAnswer || [];
  if (!cube.byAnswer[axis]) {
    const place = axis === 0 ? cube.first : cube.second, start = new Uint32Array(page.products[axis] ? page.products[axis].answers.status.length + 1 : 2);
    for (const p of place) start[p + 1]++;
    for (let a = 1; a < start.length; a++) start[a] += start[a - 1];
    const next = start.slice(), order = new Uint32Array(cube.rows);
    for (let i = 0; i < cube.rows; i++) order[next[place[i]]++] = i;
    cube.byAnswer[axis] = { start, order };
  }
  return cube.byAnswer[axis];
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
