"use strict";
// What the hand has set, with the way back: a list of states, of which one is shown. It also sits in the address's fragment, so
// that a link opens what one saw. A fragment is written by whoever sends a link: each part of it is checked, and what does not
// fit this page is left out.

/**
 * @typedef {object} State all that can be set; never changed, always replaced
 * @property {string} name
 * @property {Bands[]} bands
 * @property {number[]} gate
 * @property {number[][]} matrix
 * @property {boolean[]} off
 * @property {number} from  place of the first month that counts
 * @property {number} to    place of the last, included
 * @property {(number[]|null)[]} segments
 * @property {number[]} cut the product and the edge whose curve is drawn
 */

/** The state of the champion, which is where a page begins. */
function firstState(page) {
  const c = page.champion;
  return {
    name: c.draft_name, bands: c.bands, gate: c.gate, matrix: c.matrix, off: c.rules.map(() => false),
    from: 0, to: page.months.length - 1, segments: page.segments.map(() => null), cut: page.cut,
  };
}

class Store {
  /**
   * @param {State} first
   * @param {(state: State, settled: boolean) => void} changed called for each new state; settled where the hand has come to rest
   */
  constructor(first, changed) {
    this.first = first;
    this.past = [];
    this.future = [];
    this.settled = first; // what undo goes back to from a movement
    this.state = first;
    this.changed = changed;
  }

  /** Shows a state on the way of a movement, such as that of a slider. */
  move(change) {
    this.state = { ...this.state, ...change };
    this.changed(this.state, false);
  }

  /** Makes a change, or what was moved so far, one step that undo takes back. */
  settle(change = {}) {
    this.state = { ...this.state, ...change };
    if (JSON.stringify(this.state) !== JSON.stringify(this.settled)) {
      this.past.push(this.settled);
      this.future = [];
      this.settled = this.state;
    }
    this.changed(this.state, true);
  }

  undo() { this.step(this.past, this.future); }
  redo() { this.step(this.future, this.past); }

  step(from, to) {
    if (from.length === 0) return;
    to.push(this.settled);
    this.state = this.settled = from.pop();
    this.changed(this.state, true);
  }
}

/** The fragment of a state, without what is as in the beginning. */
function fragmentOf(page, state) {
  const first = firstState(page);
  const parts = ["p=" + page.id];
  const put = (key, now, was, text) => {
    if (JSON.stringify(now) !== JSON.stringify(was)) parts.push(key + "=" + text);
  };
  put("name", state.name, first.name, state.name);
  state.bands.forEach((b, i) => put("b" + i, b, first.bands[i], (b.recorded ? "r" : "e") + "." + b.edges.join(".")));
  put("gate", state.gate, first.gate, state.gate.join(""));
  put("matrix", state.matrix, first.matrix, state.matrix.map((r) => r.join("")).join("."));
  put("off", state.off, first.off, state.off.map((o, i) => (o ? i : -1)).filter((i) => i >= 0).join("."));
  put("months", [state.from, state.to], [first.from, first.to], state.from + "." + state.to);
  state.segments.forEach((s, i) => put("s" + i, s, first.segments[i], (s || []).join(".")));
  put("cut", state.cut, first.cut, state.cut.join("."));
  return parts.length === 1 ? "" : "#" + parts.join("&");
}

/** The state of a fragment, as far as it fits the page. */
function stateOf(page, fragment) {
  const state = firstState(page);
  const parts = new Map(fragment.replace(/^#/, "").split("&").slice(0, 100).map((p) => [p.split("=")[0], p.split("=")[1] || ""]));
  if (parts.get("p") !== page.id) return state; // of another page, whose places mean other things
  const numbers = (key, count, low, high) => {
    const list = (parts.get(key) || "").split(".").map((n) => (/^\d{1,5}$/.test(n) ? Number(n) : NaN));
    return list.length === count && list.every((n) => n >= low && n <= high) ? list : null;
  };
  const digits = (text, high) => (text.length === ROWS && [...text].every((c) => c >= "1" && c <= String(high)) ? [...text].map(Number) : null);
  if (POLICY_NAME.test(parts.get("name") || "")) state.name = parts.get("name");
  state.bands = state.bands.map((b, i) => bandsOf(page, i, parts.get("b" + i)) || b);
  state.gate = digits(parts.get("gate") || "", page.products.length > 1 ? NEXT : NEXT - 1) || state.gate;
  const rows = (parts.get("matrix") || "").split(".").map((r) => digits(r, NEXT - 1));
  if (rows.length === ROWS && rows.every((r) => r !== null)) state.matrix = rows;
  const off = (parts.get("off") || "").split(".").filter((n) => /^\d{1,2}$/.test(n)).map(Number);
  state.off = state.off.map((o, i) => off.includes(i));
  const months = numbers("months", 2, 0, page.months.length - 1);
  if (months && months[0] <= months[1]) [state.from, state.to] = months;
  state.segments = state.segments.map((s, i) => {
    if (!parts.has("s" + i)) return s;
    const list = parts.get("s" + i).split(".").filter((n) => /^\d{1,5}$/.test(n)).map(Number).filter((n) => n < page.segments[i].values.length);
    return [...new Set(list)].sort((a, b) => a - b);
  });
  const cut = numbers("cut", 2, 0, 3);
  if (cut && cut[0] < page.products.length) state.cut = cut;
  return state;
}

/** What a policy file takes as a name. */
const POLICY_NAME = /^[a-z0-9._-]{1,100}$/;

function bandsOf(page, axis, text) {
  const found = /^([re])((?:\.\d{1,4}){4})$/.exec(text || "");
  if (!found) return null;
  const edges = found[2].slice(1).split(".").map(Number), positions = page.products[axis].positions;
  const fits = edges.every((e, i) => positions.includes(e) && (i === 0 || e > edges[i - 1]));
  if (!fits || (found[1] === "r" && !page.products[axis].recorded)) return null;
  return { recorded: found[1] === "r", edges };
}
