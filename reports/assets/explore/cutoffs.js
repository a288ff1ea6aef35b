"use strict";
// The cutoffs of a product: a bar of the five clusters over the scores of the history, with a handle at each edge, and the same
// edges as numbers to type.

const EDGE_NAMES = ["low", "review", "high", "very high"];
const MAX_SCORE = 1000;

/** @returns {{render: (view: object) => void, chooseEdge: (edge: number) => void}} */
function cutoffsView(page, store, axis, root) {
  const product = page.products[axis];
  let simple = false;
  const source = el("select", { id: "source-" + axis, "aria-label": "clusters of " + product.name, onchange: () => chooseSource(source.value) },
    product.recorded ? el("option", { value: "recorded" }, "as recorded") : null,
    ...page.named_bands.map((b) => el("option", { value: b.name }, b.name + " " + b.edges.join(" / "))),
    el("option", { value: "own" }, "own edges"));
  const mode = el("button.quiet", { type: "button", "aria-pressed": "false", onclick: () => setSimple(!simple) }, "One cutoff");
  const canvas = el("canvas.density", { "aria-hidden": "true" });
  const bands = page.clusters.slice(1, 6).map((c) => el("div.band." + c, {}, el("span", {}, spoken(c))));
  const handles = EDGE_NAMES.map((name, edge) => handle(name, edge));
  const track = el("div.track", { id: "track-" + axis }, ...bands, ...handles);
  const ticks = [0, 250, 500, 750, 1000].map((n) => {
    const tick = el("span", {}, String(n));
    tick.style.left = n / 10 + "%";
    return tick;
  });
  const inputs = EDGE_NAMES.map((name, edge) => el("input", {
    type: "number", id: "edge-" + axis + "-" + edge, min: product.positions[0], max: product.positions.at(-1), step: "any", inputmode: "numeric",
    onchange: (e) => move(edge, Number(e.target.value), true),
  }));
  const fields = EDGE_NAMES.map((name, edge) => el("label.edge", {}, el("span", {}, name + " from"), inputs[edge]));
  root.append(
    el("div.row", {}, el("h3", {}, product.name), el("label.inline", {}, "clusters ", source), mode),
    el("div.scale", {}, canvas, track, el("div.ticks", { "aria-hidden": "true" }, ...ticks)),
    el("div.edges", {}, ...fields));

  function handle(name, edge) {
    const h = el("div.handle", {
      role: "slider", tabindex: "0", id: "handle-" + axis + "-" + edge, "aria-label": product.name + ", lower edge of " + name,
      "aria-valuemin": product.positions[0], "aria-valuemax": product.positions.at(-1),
      onkeydown: (e) => onKey(e, edge), onfocus: () => chooseEdge(edge),
      onpointerdown: (e) => {
        h.setPointerCapture(e.pointerId);
        h.focus();
        e.preventDefault();
      },
      onpointermove: (e) => {
        if (h.hasPointerCapture(e.pointerId)) move(edge, scoreAt(e.clientX), false);
      },
      onpointerup: () => store.settle(), onpointercancel: () => store.settle(),
    }, el("span.knob", { "aria-hidden": "true" }), el("span.value", { "aria-hidden": "true" }));
    return h;
  }

  function scoreAt(x) {
    const r = track.getBoundingClientRect();
    return Math.min(Math.max((x - r.left) / r.width, 0), 1) * MAX_SCORE;
  }

  /** Arrows move by a place, page keys by about fifty scores. */
  function onKey(e, edge) {
    const p = product.positions, now = store.state.bands[axis].edges[edge], at = nearest(p, now);
    const by = (n) => p[Math.min(Math.max(at + n, 0), p.length - 1)];
    const to = {
      ArrowRight: () => by(1), ArrowUp: () => by(1), ArrowLeft: () => by(-1), ArrowDown: () => by(-1),
      PageUp: () => now + 50, PageDown: () => now - 50, Home: () => p[0], End: () => p.at(-1),
    }[e.key];
    if (!to) return;
    e.preventDefault();
    move(edge, to(), true);
  }

  function move(edge, score, settled) {
    if (Number.isNaN(score)) return render(store.state);
    const b = store.state.bands.slice();
    b[axis] = { recorded: false, edges: moveEdge(product.positions, b[axis].edges, edge, score) };
    const change = { bands: b, cut: [axis, edge] };
    if (settled) store.settle(change);
    else store.move(change);
  }

  function chooseSource(name) {
    const b = store.state.bands.slice();
    const named = page.named_bands.find((n) => n.name === name);
    b[axis] = { recorded: name === "recorded", edges: named ? named.edges.slice() : b[axis].edges };
    store.settle({ bands: b });
  }

  function chooseEdge(edge) {
    if (String(store.state.cut) !== String([axis, edge])) store.move({ cut: [axis, edge] });
  }

  function setSimple(on) {
    simple = on;
    mode.setAttribute("aria-pressed", String(on));
    root.classList.toggle("simple", on);
    render(store.state);
  }

  /** Shows the edges of a state. */
  function render(state) {
    const b = state.bands[axis], edges = b.edges;
    const named = page.named_bands.find((n) => String(n.edges) === String(edges));
    source.value = b.recorded ? "recorded" : named ? named.name : "own";
    root.classList.toggle("recorded", b.recorded);
    const ends = [0, ...edges, MAX_SCORE];
    bands.forEach((e, i) => {
      e.style.left = ends[i] / 10 + "%";
      e.style.width = (ends[i + 1] - ends[i]) / 10 + "%";
      e.classList.toggle("narrow", ends[i + 1] - ends[i] < 90);
    });
    const shown = state.cut[0] === axis ? state.cut[1] : page.cut[0] === axis ? page.cut[1] : 2;
    handles.forEach((h, i) => {
      h.style.left = edges[i] / 10 + "%";
      setAttribute(h, "aria-valuenow", String(edges[i]));
      setAttribute(h, "aria-valuetext", EDGE_NAMES[i] + " from " + edges[i] + (b.recorded ? ", not in force: clusters are as recorded" : ""));
      h.lastChild.textContent = String(edges[i]);
      h.classList.toggle("chosen", state.cut[0] === axis && state.cut[1] === i);
      h.hidden = fields[i].hidden = simple && i !== shown;
      if (document.activeElement !== inputs[i] || Number(inputs[i].value) !== edges[i]) inputs[i].value = String(edges[i]);
    });
  }

  /** Draws how many records have each score, frauds in front. */
  function density(counts) {
    const width = canvas.clientWidth, height = canvas.clientHeight, ratio = devicePixelRatio || 1;
    if (width === 0) return;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const bins = 50, all = new Float64Array(bins), fraud = new Float64Array(bins);
    product.answers.score.forEach((s, i) => {
      if (s < 0) return;
      const bin = Math.min(Math.floor(s * bins / (MAX_SCORE + 1)), bins - 1);
      all[bin] += counts[i * 3] + counts[i * 3 + 1] + counts[i * 3 + 2];
      fraud[bin] += counts[i * 3 + 2];
    });
    const ctx = canvas.getContext("2d"), style = getComputedStyle(root);
    const draw = (values, most, color) => {
      ctx.fillStyle = style.getPropertyValue(color);
      values.forEach((v, i) => {
        const h = most > 0 ? Math.max(v > 0 ? 1 : 0, v / most * height) * ratio : 0;
        ctx.fillRect(i * width * ratio / bins + ratio / 2, height * ratio - h, width * ratio / bins - ratio, h);
      });
    };
    draw(all, Math.max(...all), "--density");
    draw(fraud, Math.max(...fraud) * 2.2, "--density-fraud");
  }
  return { render, density };
}
