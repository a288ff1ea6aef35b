"use strict";
// The strategy curve: fraud rate among approved against approval rate as the chosen cutoff moves, with the two policies and the
// limits. The points are drawn by this file, the rest by uPlot.

function chartView(page, store, root) {
  const choice = el("select", { id: "curve-cutoff", onchange: () => store.settle({ cut: choice.value.split(".").map(Number) }) },
    ...page.products.flatMap((p, axis) => EDGE_NAMES.map((name, edge) => el("option", { value: axis + "." + edge }, p.name + ", " + name))));
  const place = el("div.plot", { role: "img" });
  const note = el("p.note", { id: "curve-note" });
  const readout = el("p.readout", { "aria-hidden": "true" });
  root.append(el("div.row", {}, el("h2", {}, "Strategy curve"), el("label.inline", {}, "as this cutoff moves: ", choice)), place, readout, note);
  const limitOf = (name) => page.limits.filter((l) => l.measure === name).map((l) => l.num / l.den * 100);
  const fraudLimits = limitOf("fraud_rate"), approvalLimits = limitOf("approval_rate");
  let plot = null, shown = null, points = [], cutoffs = []; // the places of the curve's points, as drawn

  const color = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  function build() {
    if (plot) plot.destroy();
    const axis = (label) => ({ label, stroke: color("--muted"), grid: { stroke: color("--grid"), width: 1 }, ticks: { stroke: color("--grid"), width: 1 },
      font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelSize: 20, size: 44 });
    plot = new uPlot({
      width: Math.max(place.clientWidth, 260), height: 300, legend: { show: false }, padding: [12, 14, 0, 0],
      scales: { x: { time: false, range: (u, min, max) => spread(min, max, approvalLimits, 0) }, y: { range: (u, min, max) => spread(min, max, fraudLimits, 1) } },
      axes: [axis("approval rate, %"), axis("fraud rate among approved, %")],
      series: [{}, { stroke: color("--curve"), width: 2, points: { show: false } }],
      cursor: { drag: { x: false, y: false }, points: { size: 8 }, y: false },
      hooks: { draw: [drawOver], setCursor: [told] },
    }, data(), place);
    plot.over.addEventListener("click", () => {
      const at = plot.cursor.idx;
      if (at === null || at === undefined || shown.recorded) return;
      const [axis, edge] = shown.cut, b = store.state.bands.slice();
      b[axis] = { recorded: false, edges: moveEdge(page.products[axis].positions, b[axis].edges, edge, cutoffs[at]) };
      store.settle({ bands: b });
    });
  }

  /** The range of an axis: its values, the policies and the limits, with some air; no wider than 0 to 100 %. */
  function spread(min, max, limits, dimension) {
    const all = [min, max, ...limits, ...points.map((p) => p.at[dimension])].filter((v) => Number.isFinite(v));
    if (all.length === 0) return [0, dimension === 0 ? 100 : 1]; // nothing is labeled
    const low = Math.min(...all), high = Math.max(...all), air = Math.max((high - low) * 0.06, 0.02);
    return [Math.max(0, low - air), Math.min(100, high + air)];
  }

  const data = () => (shown && shown.x.length > 0 ? [shown.x, shown.y] : [[0], [null]]);

  function drawOver(u) {
    const { ctx, bbox } = u, ratio = devicePixelRatio || 1;
    const x = (v) => u.valToPos(v, "x", true), y = (v) => u.valToPos(v, "y", true);
    ctx.save();
    ctx.font = 12 * ratio + "px system-ui, sans-serif";
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.lineWidth = 1.5 * ratio;
    ctx.strokeStyle = ctx.fillStyle = color("--limit");
    ctx.setLineDash([6 * ratio, 4 * ratio]);
    const line = (x1, y1, x2, y2) => {
      ctx.beginPath();
      ctx.moveTo(x1, y1);
      ctx.lineTo(x2, y2);
      ctx.stroke();
    };
    for (const v of fraudLimits) {
      line(bbox.left, y(v), bbox.left + bbox.width, y(v));
      ctx.fillText("limit " + fixed(v, 2) + " %", bbox.left + 6 * ratio, y(v) - 5 * ratio);
    }
    for (const v of approvalLimits) {
      line(x(v), bbox.top, x(v), bbox.top + bbox.height);
      ctx.fillText("limit " + fixed(v, 1) + " %", x(v) + 5 * ratio, bbox.top + 14 * ratio);
    }
    ctx.setLineDash([]);
    for (const p of points) {
      if (!p.at.every(Number.isFinite)) continue;
      ctx.beginPath();
      ctx.arc(x(p.at[0]), y(p.at[1]), 6 * ratio, 0, 7);
      ctx.lineWidth = 2.5 * ratio;
      ctx.strokeStyle = color(p.color);
      ctx.fillStyle = p.filled ? color(p.color) : color("--panel");
      ctx.fill();
      ctx.stroke();
      ctx.fillStyle = color("--ink");
      const right = x(p.at[0]) > bbox.left + bbox.width * 0.7;
      ctx.textAlign = right ? "right" : "left";
      const at = [x(p.at[0]) + (right ? -11 : 11) * ratio, y(p.at[1]) + (p.filled ? 15 : -7) * ratio];
      ctx.lineWidth = 4 * ratio;
      ctx.strokeStyle = color("--panel"); // a rim, so that the name is read over the curve
      ctx.strokeText(p.name, ...at);
      ctx.fillText(p.name, ...at);
    }
    ctx.restore();
  }

  function told(u) {
    const i = u.cursor.idx;
    setText(readout, i === null || i === undefined || !shown || shown.y[i] === null || shown.x.length === 0 ? "\u00a0"
      : shown.label + " from " + cutoffs[i] + ": approves " + fixed(shown.x[i], 2) + " %, fraud rate " + fixed(shown.y[i], 2) + " %" + (shown.recorded ? "" : " – click to move it there"));
  }

  /**
   * Shows a curve and the policies' points.
   * @param {State} state
   * @param {Curve} curve
   * @param {number} total records
   * @param {{name: string, color: string, filled: boolean, at: number[]}[]} marks in percent
   */
  function render(state, curve, total, marks) {
    choice.value = state.cut.join(".");
    const [axis, edge] = state.cut, recorded = state.bands[axis].recorded;
    const enough = Math.max(20, curve.labeled.reduce((a, b) => Math.max(a, b), 0) / 100); // a rate of less is noise, and would set the scale
    const order = curve.at.map((c, i) => i).filter((i) => curve.labeled[i] >= enough).sort((a, b) => curve.approved[a] - curve.approved[b] || b - a);
    cutoffs = order.map((i) => curve.at[i]);
    points = marks;
    shown = { cut: state.cut, recorded, label: page.products[axis].name + ", " + EDGE_NAMES[edge], x: order.map((i) => 100 * curve.approved[i] / total), y: order.map((i) => 100 * curve.frauds[i] / curve.labeled[i]) };
    if (!plot) build();
    else plot.setData(data());
    const [draft, champion] = [marks[1], marks[0]];
    const text = (m) => m.name + " approves " + (Number.isFinite(m.at[0]) ? fixed(m.at[0], 2) + " %" : NO_VALUE) + " at a fraud rate of " + (Number.isFinite(m.at[1]) ? fixed(m.at[1], 2) + " %" : NO_VALUE);
    place.setAttribute("aria-label", "Strategy curve of " + shown.label + ": " + text(champion) + ", " + text(draft) + ".");
    if (order.length === 0) return setText(note, "There is no curve: too few of what is approved here are labeled.");
    setText(note, (recorded ? page.products[axis].name + " is taken as recorded, which has no edges to move: the curve shows what edges would do instead. " : "") +
      "Labeled and decided records only; every point is chosen by looking, so certify before use. Points with fewer than " + thousands(Math.ceil(enough)) + " labeled approvals are left out.");
  }
  addEventListener("resize", afterQuiet(150, () => plot && plot.setSize({ width: Math.max(place.clientWidth, 260), height: 300 })));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot && build());
  return { render };
}
