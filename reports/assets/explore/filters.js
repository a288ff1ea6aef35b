"use strict";
// The period, the segments and the rules.

function periodView(page, store, root) {
  const choice = (id, label, key) => {
    const s = el("select", { id, onchange: () => {
      const at = Number(s.value), change = { from: store.state.from, to: store.state.to, [key]: at };
      if (change.from > change.to) change[key === "from" ? "to" : "from"] = at;
      store.settle(change);
    } }, ...page.months.map((m, i) => el("option", { value: i }, m.name || "no time")));
    root.append(el("label.inline", {}, label, s));
    return s;
  };
  if (page.months.length < 2) return { render() {} };
  const from = choice("period-from", "from ", "from"), to = choice("period-to", "to ", "to");
  return {
    render(state) {
      from.value = String(state.from);
      to.value = String(state.to);
    },
  };
}

function segmentsView(page, store, root) {
  const views = page.segments.map((segment, f) => {
    const summary = el("summary", {}), boxes = segment.values.map((v, i) => el("input", { type: "checkbox", onchange: () => {
      const kept = boxes.map((b, j) => (b.checked ? j : -1)).filter((j) => j >= 0);
      set(kept.length === boxes.length ? null : kept);
    } }));
    const set = (kept) => {
      const segments = store.state.segments.slice();
      segments[f] = kept;
      store.settle({ segments });
    };
    const list = el("div.options", {}, el("div.row", {}, el("button.quiet", { type: "button", onclick: () => set(null) }, "all"), el("button.quiet", { type: "button", onclick: () => set([]) }, "none")),
      ...boxes.map((b, i) => el("label", {}, b, " " + (segment.values[i] || "(none)"))));
    const details = el("details.segment", {}, summary, list);
    root.append(details);
    document.addEventListener("pointerdown", (e) => {
      if (!details.contains(e.target)) details.open = false;
    });
    details.addEventListener("keydown", (e) => {
      if (e.key !== "Escape") return;
      details.open = false;
      summary.focus();
    });
    return (state) => {
      const kept = state.segments[f];
      boxes.forEach((b, i) => { b.checked = kept === null || kept.includes(i); });
      setText(summary, segment.field + ": " + (kept === null ? "all" : kept.length === 1 ? segment.values[kept[0]] || "(none)" : kept.length + " of " + boxes.length));
    };
  });
  return { render: (state) => views.forEach((v) => v(state)) };
}

function rulesView(page, store, root) {
  const rules = page.champion.rules;
  if (rules.length === 0) {
    root.hidden = true;
    return { render() {} };
  }
  const rows = rules.map((r, i) => {
    const box = el("input", { type: "checkbox", id: "rule-" + i, onchange: () => {
      const off = store.state.off.slice();
      off[i] = !box.checked;
      store.settle({ off });
    } });
    const decided = el("span.count");
    root.lastElementChild.append(el("li", {}, el("label", {}, box, " ", el("strong", {}, r.name), " → ", el("span.pill." + page.actions[r.then], {}, spoken(page.actions[r.then]))), decided,
      el("code", {}, r.when)));
    return { box, decided };
  });
  return {
    render(state, counts) {
      rows.forEach(({ box, decided }, i) => {
        box.checked = !state.off[i];
        const t = counts.parts[RULE + i];
        setText(decided, state.off[i] ? "off" : thousands(sumOf(t)) + " decided" + (labeledOf(t) > 0 ? ", " + shareText(t.records[2], labeledOf(t)) + " fraud" : ""));
      });
    },
  };
}
