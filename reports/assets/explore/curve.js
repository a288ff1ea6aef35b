"use strict";
// What moving one cutoff does: approvals and frauds at each of its places, all else as in the draft.

/**
 * @typedef {object} Curve
 * @property {number[]} at       the cutoffs, rising
 * @property {number[]} approved records at each
 * @property {number[]} frauds   among the labeled of these
 * @property {number[]} labeled
 */

/**
 * The curve of a cutoff. A score at the cutoff or above is in the cluster that begins there or a better one, a lower score in one
 * below: edges that the cutoff crosses move along, as calibrate.Move has it. So each row has two fates, and one walk finds the
 * curve however many points it has. Undecided records are not approved.
 * @param {object} page
 * @param {Cube} cube
 * @param {Draft} draft
 * @param {Decider} d
 * @param {Uint8Array} keep
 * @param {number} axis 0 or 1
 * @param {number} edge 0..3
 * @returns {Curve}
 */
function curveOf(page, cube, draft, d, keep, axis, edge) {
  const answers = page.products[axis].answers, edges = draft.bands[axis].edges;
  const natural = answers.score.map((s) => (s < 0 ? 0 : clusterOf(edges, s)));
  const own = classes(answers, { recorded: false, edges }, axis === 1); // of edges, also where the draft takes clusters as recorded
  // For a score: its cluster below the cutoff, which ignores the edges from the cutoff on, and that above.
  const below = Uint8Array.from(natural, (c, i) => (c === 0 ? own[i] : Math.min(c, edge + 1)));
  const above = Uint8Array.from(natural, (c, i) => (c === 0 ? own[i] : Math.max(clusterFrom(edges, answers.score[i], edge), edge + 2)));
  const size = answers.score.length;
  const sums = { low: sumsOf(size), high: sumsOf(size) };
  const place = axis === 0 ? cube.first : cube.second;
  const base = Int32Array.from(page.groups, (g, i) => (keep[i] ? g.fired * ROWS * (ROWS + 1) : -1));
  const stride = axis === 0 ? ROWS + 1 : 1;
  const lets = Uint8Array.from(d.action, (a) => (a === APPROVE || a === MONITOR ? 1 : 0));
  for (let i = 0; i < cube.rows; i++) {
    const at = base[cube.group[i]];
    if (at < 0) continue;
    const rest = at + (axis === 0 ? d.second[cube.second[i]] : d.first[cube.first[i]] * (ROWS + 1));
    const p = place[i];
    if (lets[d.part[rest + below[p] * stride]]) sums.low[p * 3 + cube.label[i]] += cube.n[i];
    if (lets[d.part[rest + above[p] * stride]]) sums.high[p * 3 + cube.label[i]] += cube.n[i];
  }
  return curvePoints(page.products[axis].positions, answers.score, sums);
}

const sumsOf = (size) => new Float64Array(size * 3);

/** The cluster of a score by the edges from a place on, and at the least the one below them. */
function clusterFrom(edges, score, from) {
  let c = from + 1;
  for (let j = from; j < 4; j++) if (score >= edges[j]) c = j + 2;
  return c;
}

/** Adds up the fates of all scores for each cutoff, by starting where all scores are at the cutoff or above. */
function curvePoints(positions, scores, sums) {
  const order = scores.map((s, i) => i).filter((i) => scores[i] >= 0).sort((a, b) => scores[a] - scores[b]);
  const now = [0, 0, 0];
  scores.forEach((s, i) => {
    for (let l = 0; l < 3; l++) now[l] += sums.high[i * 3 + l]; // what has no score has one fate, which is in both
  });
  const out = { at: [], approved: [], frauds: [], labeled: [] };
  let next = 0;
  for (const at of positions) {
    for (; next < order.length && scores[order[next]] < at; next++) {
      for (let l = 0; l < 3; l++) now[l] += sums.low[order[next] * 3 + l] - sums.high[order[next] * 3 + l];
    }
    out.at.push(at);
    out.approved.push(now[0] + now[1] + now[2]);
    out.labeled.push(now[1] + now[2]);
    out.frauds.push(now[2]);
  }
  return out;
}
