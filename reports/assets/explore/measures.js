"use strict";
// Counts turned into rates, as the package calibrate does it: ratios and Wilson's intervals, the exact bound where nothing was
// counted, and ranges where records are undecided.

/**
 * @typedef {object} Measure
 * @property {string} name
 * @property {string} unit share, x:1, bps, per_day or money_per_record
 * @property {number} num
 * @property {number} den
 * @property {boolean} byValue
 * @property {number} value  NaN where it is undefined
 * @property {number} low    of the interval, NaN where none is claimed
 * @property {number} high
 * @property {string} method none, wilson, wilson_bounds or linearized
 * @property {number} least  of what it may be where records are undecided, NaN else
 * @property {number} most
 */

/**
 * Wilson's interval of k of n; z is how many standard errors the page's confidence is.
 * @returns {number[]}
 */
function wilson(k, n, z) {
  if (n === 0) return [NaN, NaN];
  const centre = k + z * z / 2, half = z * Math.sqrt(k * ((n - k) / n) + z * z / 4);
  const low = k === 0 ? 0 : (centre - half) / (n + z * z), high = k === n ? 1 : (centre + half) / (n + z * z);
  return [Math.max(low, 0), Math.min(high, 1)];
}

/** The one-sided exact bound of a share of which none of n was counted. */
const atMostNone = (n, delta) => -Math.expm1(Math.log(delta) / n);

const divide = (k, n) => (n === 0 ? NaN : k / n);

function plainMeasure(name, unit, num, den) {
  return { name, unit, num, den, byValue: false, value: divide(num, den), low: NaN, high: NaN, method: "none", least: NaN, most: NaN };
}

function ratioMeasure(name, unit, num, den, z) {
  const m = plainMeasure(name, unit, num, den);
  if (den === 0) return m;
  if (unit === "x:1") {
    const [low, high] = wilson(num, num + den, z);
    m.low = low / (1 - low);
    m.high = high / (1 - high);
  } else {
    [m.low, m.high] = wilson(num, den, z);
  }
  m.method = "wilson";
  return m;
}

/** Adds up the records, or the amounts, of a region: a set of actions and a set of labels, as bits. */
function sumRegion(region, actions, what) {
  let sum = 0;
  for (let a = 0; a < ACTIONS; a++) {
    if (!(region.actions >> a & 1)) continue;
    for (let l = 0; l < 3; l++) if (region.labels >> l & 1) sum += actions[a][what][l];
  }
  return sum;
}

const holds = (region, a, l) => (region.actions >> a & 1) === 1 && (region.labels >> l & 1) === 1;

/** The action of a set, given as bits, of the least worth or with most of the largest; of equal ones the mildest. */
function extreme(bits, most, worth) {
  let best = Infinity, found = UNDECIDED;
  for (let a = APPROVE; a < ACTIONS; a++) {
    const v = most ? -worth(a) : worth(a);
    if ((bits >> a & 1) && v < best) [best, found] = [v, a];
  }
  return found;
}

/** The counts' actions without the undecided ones. */
const decidedOf = (counts) => counts.actions.map((t, a) =>
  a === UNDECIDED ? newTally() : { records: t.records.slice(), amount: t.amount.slice() });

/** Both ends of a ratio over all that the undecided records may become: the package calibrate's bounder.ratio. */
function boundRatio(form, counts, what) {
  const worth = (l) => (a) => (holds(form.num, a, l) ? 1 : holds(form.den, a, l) ? -1 : 0);
  const at = (most) => {
    const actions = decidedOf(counts);
    counts.open.forEach((t, row) => {
      for (let l = 0; l < 3; l++) {
        if (t.records[l] === 0) continue;
        const to = actions[extreme(counts.possible[row], most, worth(l))];
        to.records[l] += t.records[l];
        to.amount[l] += t.amount[l];
      }
    });
    return { k: sumRegion(form.num, actions, what), n: sumRegion(form.den, actions, what) };
  };
  let least = at(false), most = at(true);
  const nothing = (r) => r.k === 0 && r.n === 0;
  if (form.unit !== "x:1") [least, most] = [nothing(least) ? most : least, nothing(most) ? least : most];
  return [least, most];
}

/** Both ends of a weighted sum: the package calibrate's bounder.form, where it says why one record has all of the amount. */
function boundForm(form, counts) {
  const at = (most) => {
    const actions = decidedOf(counts);
    const best = (row, l, amount) => actions[extreme(counts.possible[row], most, (a) => form.records[a][l] + form.amount[a][l] * amount)];
    counts.open.forEach((t, row) => {
      for (let l = 0; l < 3; l++) {
        if (t.records[l] === 0) continue;
        best(row, l, 0).records[l] += t.records[l] - 1;
        const rich = best(row, l, t.amount[l]);
        rich.records[l]++;
        rich.amount[l] += t.amount[l];
      }
    });
    return formOf(form, actions, counts.calls);
  };
  return [at(false), at(true)];
}

/** The value of a weighted sum over counts. */
function formOf(form, actions, calls) {
  let sum = form.calls[0] * calls[0] + form.calls[1] * calls[1];
  for (let a = 0; a < ACTIONS; a++) {
    for (let l = 0; l < 3; l++) sum += form.records[a][l] * actions[a].records[l] + form.amount[a][l] * actions[a].amount[l];
  }
  return sum;
}

/** Sets what a measure may be, and makes its interval one that holds for each of these values. */
function within(m, least, most, z) {
  const same = (r, k, n) => r.k === k && r.n === n;
  if (same(least, m.num, m.den) && same(most, m.num, m.den)) return m;
  const scale = m.unit === "bps" ? 10000 : 1;
  m.least = scale * divide(least.k, least.n);
  m.most = scale * divide(most.k, most.n);
  const wasWilson = m.method === "wilson";
  m.low = m.high = NaN;
  m.method = "none";
  if (wasWilson && m.unit === "share" && least.n > 0 && most.n > 0) {
    m.low = wilson(least.k, least.n, z)[0];
    m.high = wilson(most.k, most.n, z)[1];
    m.method = "wilson_bounds";
  }
  if (same(least, most.k, most.n)) {
    [m.num, m.den, m.value] = [least.k, least.n, m.least];
    if (m.method === "wilson_bounds") m.method = "wilson";
  }
  return m;
}

/** The cost of a record, or what is saved on one, in major units: the package calibrate's perRecord. */
function costMeasure(page, form, counts, total) {
  const major = page.money_per_major;
  const m = plainMeasure(form.name, "money_per_record", formOf(form, counts.actions, counts.calls), total);
  m.value = total === 0 ? NaN : m.num / (total * major);
  let sum = 0, squares = 0, unknown = false;
  for (let a = 0; a < ACTIONS; a++) {
    for (let l = 0; l < 3; l++) {
      const n = counts.actions[a].records[l], fixed = form.records[a][l], share = form.amount[a][l], amount = counts.actions[a].amount[l];
      sum += n * fixed + share * amount;
      squares += n * fixed * fixed + 2 * fixed * share * amount;
      unknown = unknown || (share !== 0 && amount > 0); // how uneven amounts are, the page does not know
    }
  }
  const deviation = (s, q) => Math.sqrt(Math.max(0, q - s * s / total) / (total - 1) / total);
  const w = form.calls[1];
  const se = unknown || total < 2 ? NaN : (deviation(sum, squares) + deviation(w * counts.calls[1], w * w * counts.calls[1])) / major;
  if (se > 0) {
    [m.low, m.high, m.method] = [m.value - se * page.z, m.value + se * page.z, "linearized"];
  }
  return m;
}

/**
 * All measures of counts, by name, as Setting.Measures of the package calibrate returns them without the spread of amounts.
 * @param {object} page
 * @param {Counts} counts
 * @param {number} days of the period, 0 where no time is known
 * @returns {Map<string, Measure>}
 */
function measuresOf(page, counts, days) {
  const out = new Map();
  const put = (m) => out.set(m.name, m);
  const total = counts.actions.reduce((n, t) => n + sumOf(t), 0);
  const open = counts.open.some((t) => sumOf(t) > 0);
  const byValue = (form, name, unit) => {
    const m = plainMeasure(name, unit, sumRegion(form.num, counts.actions, "amount"), sumRegion(form.den, counts.actions, "amount"));
    m.byValue = true;
    if (unit === "bps") m.value *= 10000;
    put(open && form.name !== "undecided_rate" ? within(m, ...boundRatio(form, counts, "amount"), page.z) : m);
  };
  for (const form of page.ratios) {
    const m = ratioMeasure(form.name, form.unit, sumRegion(form.num, counts.actions, "records"), sumRegion(form.den, counts.actions, "records"), page.z);
    put(open && form.name !== "undecided_rate" ? within(m, ...boundRatio(form, counts, "records"), page.z) : m);
    byValue(form, form.name + "_value", form.unit);
    if (form.name === "fraud_rate") byValue(form, "fraud_bps", "bps");
  }
  if (page.products.length > 1) put(ratioMeasure("call_rate_" + page.products[1].name, "share", counts.calls[1], total, page.z));
  for (let a = APPROVE; a < ACTIONS; a++) {
    put(ratioMeasure("label_coverage_" + page.actions[a], "share", labeledOf(counts.actions[a]), sumOf(counts.actions[a]), page.z));
  }
  const reviews = plainMeasure("review_per_day", "per_day", sumOf(counts.actions[4]), days);
  if (open && days > 0) {
    const form = { unit: "per_day", num: { actions: 1 << 4, labels: 7 }, den: { actions: 0, labels: 0 } };
    const [least, most] = boundRatio(form, counts, "records");
    within(reviews, { k: least.k, n: days }, { k: most.k, n: days }, page.z);
  }
  put(reviews);
  for (const form of page.costs) put(boundCost(page, costMeasure(page, form, counts, total), form, counts, open));
  return out;
}

function boundCost(page, m, form, counts, open) {
  if (!open || m.den === 0) return m;
  const [least, most] = boundForm(form, counts);
  const per = (sum) => sum / (m.den * page.money_per_major);
  Object.assign(m, { least: per(least), most: per(most), low: NaN, high: NaN, method: "none" });
  if (least === most) Object.assign(m, { num: least, value: m.least });
  return m;
}

/** Whether a measure is a range, because records are undecided. */
const isRange = (m) => !Number.isNaN(m.least) && !Number.isNaN(m.most) && m.least !== m.most;

/** The bound to print instead of a bare 0, or NaN. */
function atMostOf(page, m) {
  return m.method === "wilson" && m.unit === "share" && m.num === 0 && !isRange(m) ? atMostNone(m.den, page.delta) : NaN;
}

/**
 * How a measure stands to a limit: "met", "open" where undecided records decide, "broken", or "none" where it is undefined. shown
 * tells whether its interval keeps the limit too.
 * @param {{measure: string, at_least: boolean, num: number, den: number}} limit
 * @param {Measure} m
 */
function judge(page, limit, m) {
  if (!m || (Number.isNaN(m.value) && !isRange(m))) return { state: "none", shown: false };
  const bound = limit.num / limit.den;
  const keeps = (v) => (limit.at_least ? v >= bound : v <= bound);
  // A share is compared as the fraction that was counted: 0.1 + 0.2 is no limit.
  const exact = () => {
    const left = BigInt(m.num) * BigInt(limit.den), right = BigInt(limit.num) * BigInt(m.den);
    return limit.at_least ? left >= right : left <= right;
  };
  const whole = !isRange(m) && m.unit === "share" && Number.isSafeInteger(m.num) && Number.isSafeInteger(m.den);
  const kept = isRange(m) ? [keeps(m.least), keeps(m.most)] : [whole ? exact() : keeps(m.value)];
  const atMost = atMostOf(page, m);
  const worst = limit.at_least ? m.low : Number.isNaN(atMost) ? m.high : atMost;
  const shown = !Number.isNaN(worst) && keeps(worst);
  if (kept.every((k) => k)) return { state: "met", shown };
  return { state: kept.some((k) => k) ? "open" : "broken", shown: false };
}
