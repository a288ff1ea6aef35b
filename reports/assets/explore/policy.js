"use strict";
// What a policy decides. The one implementation of a policy is Policy.Decide of the package replay; this follows it line by line
// where it has to decide without it, and a test of the project replays hundreds of random policies through both.

// Clusters and actions by their numbers in the package dataset.
const MISSING = 0, UNCLUSTERED = 6, ROWS = 7;
const UNDECIDED = 0, APPROVE = 1, MONITOR = 2, NEXT = 6, ACTIONS = 6;
const STATUS_OK = 5, STATUS_NOT_CALLED = 1;
/** The column of decisions for a second product that nobody asked. */
const UNASKED = 7;

/**
 * @typedef {object} Bands where clusters come from: as the response recorded them, or four inclusive lower edges
 * @property {boolean} recorded
 * @property {number[]} edges of low, review, high and very_high; kept but not used where recorded
 *
 * @typedef {object} Draft
 * @property {string} name
 * @property {Bands[]} bands     of the first and the second product
 * @property {number[]} gate     an action, or NEXT, for each first cluster
 * @property {number[][]} matrix an action for each first and second cluster
 * @property {boolean[]} off     the champion's rules that the draft leaves out
 */

// A part is what decided: a row of the gate, a cell of the matrix, nobody, or a rule. The numbers of parts:
const GATE = 0, MATRIX = ROWS, OPEN = ROWS + ROWS * ROWS, RULE = OPEN + ROWS;

/** Whether an action lets a record through. */
const lets = (action) => action === APPROVE || action === MONITOR;

/**
 * The cluster of a score: at an edge or above it is the trusted side.
 * @param {number[]} edges
 * @param {number} score
 */
function clusterOf(edges, score) {
  let c = 1;
  while (c <= 4 && score >= edges[c - 1]) c++;
  return c;
}

/**
 * The row or column of a policy for each answer of a product.
 * @param {{status: number[], score: number[], cluster: number[]}} answers score -1 for none
 * @param {Bands} bands
 * @param {boolean} second of a second product, nothing is not the same as a missing answer: nobody asked
 */
function classes(answers, bands, second) {
  return Uint8Array.from(answers.status, (status, i) => {
    if (second && status <= STATUS_NOT_CALLED) return UNASKED;
    if (status !== STATUS_OK) return MISSING;
    if (bands.recorded) return answers.cluster[i] || UNCLUSTERED;
    return answers.score[i] < 0 ? UNCLUSTERED : clusterOf(bands.edges, answers.score[i]);
  });
}

/**
 * @typedef {object} Decider what a draft decides, as tables
 * @property {Uint8Array} first    the class of each answer
 * @property {Uint8Array} second
 * @property {Uint16Array} part    by set of fired rules, first class and second class: the part that decides
 * @property {Uint8Array} action   of each part
 * @property {Uint8Array} called   1 where the part decides after the second product was asked
 * @property {number[]} possible   by first class: the actions that may come of an undecided record, as bits
 */

/**
 * @param {object} page
 * @param {Draft} draft
 * @returns {Decider}
 */
function decider(page, draft) {
  const two = page.products.length > 1;
  const parts = RULE + page.champion.rules.length;
  const d = {
    first: classes(page.products[0].answers, draft.bands[0], false),
    second: two ? classes(page.products[1].answers, draft.bands[1], true) : new Uint8Array(1),
    part: new Uint16Array(page.fired.length * ROWS * (ROWS + 1)),
    action: new Uint8Array(parts), called: new Uint8Array(parts), possible: [],
  };
  for (let row = 0; row < ROWS; row++) {
    d.action[GATE + row] = draft.gate[row];
    d.called[OPEN + row] = 1;
    for (let col = 0; col < ROWS; col++) {
      d.action[MATRIX + row * ROWS + col] = draft.matrix[row][col];
      d.called[MATRIX + row * ROWS + col] = 1;
    }
  }
  const rules = page.champion.rules;
  rules.forEach((r, i) => {
    d.action[RULE + i] = r.then;
    d.called[RULE + i] = r.late ? 1 : 0;
  });
  const late = rules.map((r, i) => i).filter((i) => rules[i].late && !draft.off[i]);
  for (let row = 0; row < ROWS; row++) {
    let bits = 0;
    for (const a of draft.matrix[row]) bits |= 1 << a;
    for (const i of late) bits |= 1 << rules[i].then;
    d.possible.push(bits);
  }
  page.fired.forEach((fired, set) => {
    const on = fired.filter((i) => !draft.off[i]);
    const early = on.find((i) => !rules[i].late), after = on.find((i) => rules[i].late);
    for (let row = 0; row < ROWS; row++) {
      for (let col = 0; col <= ROWS; col++) {
        d.part[(set * ROWS + row) * (ROWS + 1) + col] = decide(draft, d, row, col, early, after);
      }
    }
  });
  return d;
}

/**
 * Policy.Decide, for a first and a second class and the first rules that hold, undefined where none does.
 * @returns {number} the part that decides
 */
function decide(draft, d, row, col, early, late) {
  if (early !== undefined) return RULE + early;
  if (draft.gate[row] !== NEXT) return GATE + row;
  if (col === UNASKED) {
    const one = (d.possible[row] & (d.possible[row] - 1)) === 0; // whatever the answer would have been
    return one ? MATRIX + row * ROWS + MISSING : OPEN + row;
  }
  return late !== undefined ? RULE + late : MATRIX + row * ROWS + col;
}

/**
 * Moves an edge to a score that the page keeps apart. Edges that it would reach or cross move along, so that all stay rising.
 * @param {number[]} positions the scores at which edges may lie, rising
 * @param {number[]} edges
 * @param {number} edge 0..3
 * @param {number} score
 * @returns {number[]} new edges
 */
function moveEdge(positions, edges, edge, score) {
  const last = positions.length - 1;
  const place = edges.map((e) => nearest(positions, e));
  place[edge] = Math.min(Math.max(nearest(positions, score), edge), last - (3 - edge));
  for (let i = edge - 1; i >= 0; i--) place[i] = Math.min(place[i], place[i + 1] - 1);
  for (let i = edge + 1; i < 4; i++) place[i] = Math.max(place[i], place[i - 1] + 1);
  return place.map((p) => positions[p]);
}

/** The place of the position nearest to a score, of two the lower. */
function nearest(positions, score) {
  let low = 0, high = positions.length - 1;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (positions[mid] < score) low = mid + 1;
    else high = mid;
  }
  return low > 0 && score - positions[low - 1] <= positions[low] - score ? low - 1 : low;
}

/**
 * The draft as a policy file, in the canonical form of trustreplay policy show.
 * @param {object} page
 * @param {Draft} draft
 */
function policyYAML(page, draft) {
  const out = [];
  const commented = (line, comment) => out.push(line.padEnd(31) + " # " + comment);
  const bands = (b) => {
    if (b.recorded) return "recorded";
    const named = page.named_bands.find((n) => String(n.edges) === String(b.edges));
    return named ? named.name : "[" + b.edges.join(", ") + "]";
  };
  const [first, second] = page.products.map((p) => p.name);
  commented("policy: 1", "format version");
  out.push("name: " + quotedName(draft.name));
  commented("first: " + first, "the product asked first");
  if (second) commented("second: " + second, "asked when the gate says next");
  out.push("clusters:");
  commented("  " + first + ": " + bands(draft.bands[0]), "recorded, standard, quintile or four lower edges");
  if (second) out.push("  " + second + ": " + bands(draft.bands[1]));
  const rules = page.champion.rules.filter((r, i) => !draft.off[i]);
  if (rules.length > 0) commented("rules:", "the first that holds decides, before gate and matrix");
  for (const r of rules) out.push(r.yaml);
  const name = (a) => (a === NEXT ? "next" : page.actions[a]);
  const cells = (row) => {
    const same = row[UNCLUSTERED] === row[MISSING];
    return row.slice(0, same ? UNCLUSTERED : ROWS).map((a, c) => page.clusters[c] + ": " + name(a));
  };
  const heads = ["gate:"], rows = [cells(draft.gate)];
  for (let c = 0; c < ROWS; c++) {
    if (draft.gate[c] !== NEXT || !second) continue;
    if (c === UNCLUSTERED && draft.gate[MISSING] === NEXT && String(draft.matrix[c]) === String(draft.matrix[MISSING])) continue;
    heads.push("  " + page.clusters[c] + ":");
    rows.push(cells(draft.matrix[c]));
  }
  const lines = aligned(heads, rows);
  out.push(lines[0]);
  if (lines.length > 1) commented("matrix:", "rows: " + first + ", columns: " + second);
  return out.concat(lines.slice(1)).join("\n") + "\n";
}

/** A policy's name, in quotes where YAML would read it as a number or another thing. */
function quotedName(name) {
  const word = /^[a-z][a-z0-9._-]*$/.test(name) && !/^(true|false|null|yes|no|on|off|y|n|nan|inf)$/.test(name);
  return word ? name : "'" + name + "'";
}

/** Rows of cells as mappings whose columns stand below each other. */
function aligned(heads, rows) {
  const width = (texts) => Math.max(0, ...texts.map((t) => t.length));
  const head = width(heads);
  return rows.map((row, i) => heads[i].padEnd(head) + " {" + row.map((cell, j) => {
    if (j === row.length - 1) return cell + "}";
    return (cell + ",").padEnd(width(rows.map((r) => r[j] || "")) + 2);
  }).join(""));
}
