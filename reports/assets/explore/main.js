"use strict";
// Everything together: a state is shown by counting the draft once, and only what depends on the change is done again.

/** What the page is doing, for tests and for the curious at a console. */
const explorer = { ready: null, page: null, store: null, cube: null, times: [], shown: 0 };

async function start() {
  const page = explorer.page = JSON.parse(byId("page-data").textContent);
  const cube = explorer.cube = await readCube(page, byId("page-cube").textContent);
  const champion = firstState(page), championDecider = decider(page, champion), from = origins(page, cube, championDecider);
  const store = explorer.store = new Store(champion, (state, settled) => (settled ? show(state, true) : soon(state, false)));
  const toolbar = byId("toolbar");
  const undo = el("button", { type: "button", id: "undo", "aria-keyshortcuts": "Control+Z", onclick: () => store.undo() }, "Undo");
  const redo = el("button", { type: "button", id: "redo", "aria-keyshortcuts": "Control+Shift+Z", onclick: () => store.redo() }, "Redo");
  const reset = el("button", { type: "button", id: "reset", onclick: () => store.settle(firstState(page)) }, "Back to the champion");
  toolbar.append(undo, redo, reset);
  const views = {
    period: periodView(page, store, byId("filters")), segments: segmentsView(page, store, byId("filters")), tiles: tilesView(page, byId("tiles")),
    cutoffs: page.products.map((p, axis) => cutoffsView(page, store, axis, byId("cutoffs").appendChild(el("div.product")))),
    grid: gridView(page, store, byId("grid")), rules: rulesView(page, store, byId("rules")), chart: chartView(page, store, byId("chart")),
    measures: measuresView(page, byId("numbers")), swap: swapView(page, byId("swap")), export: exportView(page, store, byId("export-panel"), toolbar),
  };
  const inPlay = byId("in-play"), doubts = byId("doubts"), live = byId("live");
  let filter = "", keep = null, base = null, counter = null, curveKey = "", curve = null, densities = null;

  /** Counts a draft and shows it; settled where the hand has come to rest. */
  function show(state, settled) {
    const began = performance.now();
    const now = JSON.stringify([state.from, state.to, state.segments]);
    if (now !== filter) {
      filter = now;
      keep = keptGroups(page, state);
      base = countDraft(page, cube, championDecider, keep, from);
      counter = new Counter(page, cube, keep, from);
      densities = page.products.map((p, axis) => histogram(page, cube, axis, keep));
      curveKey = "";
    }
    const d = decider(page, state), counts = counter.count(d), days = daysOf(page, state);
    const total = counts.actions.reduce((n, t) => n + sumOf(t), 0);
    const was = measuresOf(page, base, days), is = measuresOf(page, counts, days);
    const key = keyOfCurve(state);
    if (key !== curveKey) {
      curveKey = key;
      curve = curveOf(page, cube, state, d, keep, ...state.cut);
    }
    views.tiles.render(was, is);
    views.cutoffs.forEach((v, axis) => {
      v.render(state);
      if (densities) v.density(densities[axis]);
    });
    densities = null;
    views.grid.render(state, counts, total);
    views.measures.render(was, is);
    views.chart.render(state, curve, total, [mark("champion", "--champion", false, was), mark("draft", "--draft", true, is)]);
    views.swap.render(counts, total);
    views.rules.render(state, counts);
    setText(inPlay, thousands(total) + " records" + (total < page.records ? " of " + thousands(page.records) : ""));
    doubts.replaceChildren(...doubtsOf(page, counts, was, is).map((t) => el("li", {}, t)));
    Object.assign(explorer, { counts, champion: base, measures: is, championMeasures: was });
    if (settled) rest(state, is);
    explorer.times.push(performance.now() - began);
    if (explorer.times.length > 1000) explorer.times.shift();
  }
  const soon = everyFrame((state, settled) => show(store.state, settled));

  /** What need not follow the hand. */
  function rest(state, measures) {
    views.period.render(state);
    views.segments.render(state);
    views.export.render(state);
    undo.disabled = store.past.length === 0;
    redo.disabled = store.future.length === 0;
    reset.disabled = JSON.stringify(state) === JSON.stringify(firstState(page));
    remember(state);
    speak(measures);
  }
  const remember = afterQuiet(150, (state) => history.replaceState(null, "", fragmentOf(page, state) || location.pathname + location.search));
  const speak = afterQuiet(700, (measures) => setText(live, "Draft: " + page.tiles.map((t) => t.words + " " + valueText(page, measures.get(t.name))).join(", ") + ". " + limitsText(page, measures)));

  const redraw = () => {
    densities = page.products.map((p, axis) => histogram(page, cube, axis, keep));
    show(store.state, true);
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("resize", afterQuiet(150, redraw));
  addEventListener("hashchange", () => store.settle(stateOf(page, location.hash)));
  addEventListener("keydown", (e) => {
    if (!(e.ctrlKey || e.metaKey) || /^(INPUT|TEXTAREA)$/.test(e.target.tagName) && e.target.type !== "checkbox") return;
    const key = e.key.toLowerCase();
    if (key === "z" && !e.shiftKey) store.undo();
    else if (key === "y" || (key === "z" && e.shiftKey)) store.redo();
    else return;
    e.preventDefault();
  });
  store.state = store.settled = stateOf(page, location.hash);
  document.body.classList.remove("loading");
  show(store.state, true);
  explorer.shown = performance.now();
  setTimeout(() => page.products.forEach((p, axis) => rowsByAnswer(page, cube, axis)), 0); // before the first hand needs it
  // A walk over all rows is slow until the browser has compiled it for good, which takes it a few calls.
  for (let i = 1; i <= 4; i++) setTimeout(() => countDraft(page, cube, championDecider, keep, from), 250 * i);
}

/** What a curve depends on: all but the edge that moves, and what has no part in counting. */
function keyOfCurve(state) {
  const [axis, edge] = state.cut;
  const bands = state.bands.map((b, i) => (i === axis ? b.edges.map((e, j) => (j === edge ? 0 : e)) : b));
  return JSON.stringify([state.cut, bands, state.gate, state.matrix, state.off]);
}

/** The calendar days of the months that count. */
const daysOf = (page, state) => page.months.slice(state.from, state.to + 1).reduce((n, m) => n + m.days, 0);

/** A policy's point in the chart, in percent; none where a rate is a range. */
function mark(name, color, filled, measures) {
  const at = (m) => (isRange(m) ? 100 * (m.num / m.den) : 100 * m.value);
  return { name, color, filled, at: [at(measures.get("approval_rate")), at(measures.get("fraud_rate"))] };
}

function limitsText(page, measures) {
  if (page.limits.length === 0) return "";
  const broken = page.limits.filter((l) => judge(page, l, measures.get(l.measure)).state !== "met");
  return broken.length === 0 ? "All limits kept." : "Not kept: " + broken.map((l) => l.text).join(", ") + ".";
}

explorer.ready = start();
explorer.ready.catch((e) => {
  document.body.classList.replace("loading", "failed");
  setText(byId("trouble"), "This page cannot be shown: " + e.message + ". It wants a browser of 2023 or later.");
  console.error(e);
});
