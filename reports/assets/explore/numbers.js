"use strict";
// The numbers: tiles with what matters most, all measures beside the champion's, the swap table and what history does not say.

const STATES = { met: "kept", broken: "broken", open: "open", none: "no value" };
const SIGNS = { met: "✓", broken: "✗", open: "?", none: "–" };

/** The badge of a limit: a sign, and in words what it means. */
function limitBadge(page, limit, m) {
  const { state, shown } = judge(page, limit, m);
  const text = state === "met" && !shown ? "kept by the value, not by its interval" : state === "open" ? "open: undecided records decide" : STATES[state];
  return el("span.badge." + (state === "met" && !shown ? "doubtful" : state), { title: limit.text + ": " + text }, SIGNS[state] + " " + limit.short, el("span.hidden", {}, ", " + text));
}

function tilesView(page, root) {
  const names = page.tiles;
  const tiles = names.map((line) => {
    const value = el("p.value", { id: "tile-" + line.name }), interval = el("p.interval"), champion = el("p.champion"), limits = el("p.limits");
    root.append(el("div.tile", {}, el("h2", {}, line.words), value, interval, champion, limits));
    return { line, value, interval, champion, limits };
  });
  return {
    render(was, now) {
      for (const t of tiles) {
        const m = now.get(t.line.name), c = was.get(t.line.name);
        setText(t.value, valueText(page, m));
        t.value.classList.toggle("long", isRange(m));
        setText(t.interval, intervalText(page, m) || "\u00a0");
        const change = changeText(c, m);
        setText(t.champion, "champion " + valueText(page, c) + (change && change !== "=" ? " (" + change + ")" : ""));
        t.limits.replaceChildren(...page.limits.filter((l) => l.measure === t.line.name).map((l) => limitBadge(page, l, m)));
      }
    },
  };
}

function measuresView(page, root) {
  const head = (text, props = {}) => el("th", { scope: "col", ...props }, text);
  const body = el("tbody");
  const table = el("table.numbers", { id: "measures" }, el("thead", {}, el("tr", {}, head("measure"), head("champion", { class: "right" }), head("draft", { class: "right" }),
    head(page.confidence_text + " interval", { class: "right" }), head("change", { class: "right" }), head("counted in the draft", { class: "right extra" }), head("limit"))), body);
  const all = page.limits.map((l) => l.measure).filter((n, i, list) => list.indexOf(n) === i && !page.lines.some((x) => x.name === n)).map((n) => ({ name: n, words: n }));
  const rows = [...page.lines, ...all].map((line) => {
    const cells = [el("th", { scope: "row" }, line.words), ...["champion", "draft", "interval", "change", "counted"].map((c) => el("td.right", { id: "m-" + line.name + "-" + c })), el("td")];
    cells[5].classList.add("extra");
    body.append(el("tr", {}, ...cells));
    return { line, cells };
  });
  root.append(el("h2", {}, "Measures"), el("div.wide", {}, table), el("p.note", {}, page.method));
  return {
    render(was, now) {
      for (const { line, cells } of rows) {
        const m = now.get(line.name), c = was.get(line.name);
        setText(cells[1], valueText(page, c));
        setText(cells[2], valueText(page, m));
        setText(cells[3], intervalText(page, m) || (Number.isNaN(m.value) ? "" : NONE));
        setText(cells[4], changeText(c, m));
        setText(cells[5], countedText(page, m));
        cells[6].replaceChildren(...page.limits.filter((l) => l.measure === line.name).map((l) => limitBadge(page, l, m)));
      }
    },
  };
}

function swapView(page, root) {
  const order = [1, 2, 3, 4, 5, 0], name = (a) => (a === UNDECIDED ? "undecided" : spoken(page.actions[a]));
  const cells = new Map();
  const table = el("table.swap", {}, el("thead", {},
    el("tr.over", {}, el("td"), el("th", { colspan: order.length, scope: "colgroup" }, "the draft")),
    el("tr", {}, el("th", { scope: "col" }, "the champion"), ...order.map((a) => el("th", { scope: "col" }, name(a))))),
  el("tbody", {}, ...order.map((a) => el("tr", {}, el("th", { scope: "row" }, name(a)), ...order.map((b) => {
    const td = el("td", { id: "swap-" + a + "-" + b }, el("span.n"), el("span.f"));
    cells.set(a + "," + b, td);
    return td;
  })))));
  const text = el("p.sum", { id: "swap-text" });
  root.append(el("h2", {}, "Swap table"), text, el("div.wide", {}, table), el("p.note", {}, "Records, and frauds among them, by what the champion does and what the draft does with the same record. Rows and columns that hold nothing are pale."));
  return {
    render(counts, total) {
      const undecided = order.some((a) => sumOf(counts.swap[a][UNDECIDED]) > 0 || sumOf(counts.swap[UNDECIDED][a]) > 0);
      table.classList.toggle("decided", !undecided); // a row and a column of nothing
      let moved = 0;
      for (const [key, td] of cells) {
        const [a, b] = key.split(",").map(Number), t = counts.swap[a][b], n = sumOf(t);
        if (a !== b) moved += n;
        setText(td.children[0], n === 0 ? NONE : thousands(n));
        setText(td.children[1], n > 0 && t.records[2] > 0 ? thousands(t.records[2]) + " fraud" : "");
        td.className = (a === b ? "same" : n > 0 ? "moved" : "") + (n === 0 ? " none" : "");
      }
      const ins = swapSide(counts.swap, false), outs = swapSide(counts.swap, true);
      setText(text, moved === 0 ? "The draft does with every record what the champion does." :
        "The draft treats " + thousands(moved) + " of " + thousands(total) + " records otherwise. It newly approves " + side(ins) + ", and no longer approves " + side(outs) + ".");
    },
  };
}

/** What only the draft approves or, reversed, only the champion. */
function swapSide(swap, reversed) {
  const t = newTally();
  for (let a = 0; a < ACTIONS; a++) {
    for (let b = 0; b < ACTIONS; b++) {
      const [one, other] = reversed ? [a, b] : [b, a];
      if (lets(one) && !lets(other)) addTo(t, swap[a][b]);
    }
  }
  return t;
}

const side = (t) => (sumOf(t) === 0 ? "none" : thousands(sumOf(t))) + (labeledOf(t) > 0 ? " (" + thousands(t.records[2]) + " of " + thousands(labeledOf(t)) + " labeled are fraud)" : "");

/** What history does not say of the draft, in sentences. */
function doubtsOf(page, counts, was, now) {
  const out = [];
  const total = counts.actions.reduce((n, t) => n + sumOf(t), 0), undecided = sumOf(counts.actions[UNDECIDED]);
  const share = (k, n) => thousands(k) + " of " + thousands(n) + " records (" + percentOf(k / n) + ")";
  if (total === 0) return ["No record is in this period and these segments: every measure is undefined."];
  if (undecided > 0) {
    out.push(share(undecided, total) + " are undecided: the draft needs the " + page.products[1].name + " response, which the history does not hold. Measures range over all that the draft could have done with them.");
  }
  out.push(...selectiveText(page, counts, was));
  const approved = [APPROVE, MONITOR].reduce((t, a) => (addTo(t, counts.actions[a]), t), newTally());
  if (sumOf(approved) === 0) out.push("The draft approves no record: the fraud rate among approved is undefined.");
  else if (labeledOf(approved) > 0 && approved.records[2] < 10) {
    out.push("Few frauds: " + thousands(approved.records[2]) + " of " + thousands(labeledOf(approved)) + " labeled approvals. The fraud rate rests on them, so read its interval, not its value.");
  }
  return out;
}

/** What the records without an outcome may be that the draft approves and production stopped: Selective of the package calibrate. */
function selectiveText(page, counts, was) {
  const unknown = counts.stopped.records[0];
  if (unknown === 0) return [];
  const approved = [APPROVE, MONITOR].reduce((t, a) => (addTo(t, counts.actions[a]), t), newTally());
  const k = approved.records[2], n = labeledOf(approved), champion = was.get("fraud_rate");
  let text = thousands(unknown) + " records that production stopped and that the draft approves have no outcome. The draft's fraud rate among approved is between " +
    percentOf(k / (n + unknown)) + ", if none of them is fraud, and " + percentOf((k + unknown) / (n + unknown)) + ", if all are; nothing tells which.";
  if (isRange(champion) || Number.isNaN(champion.value)) return [text];
  const even = (champion.value * (n + unknown) - k) / unknown;
  const rate = percentOf(champion.value);
  if (even < 0) text += " Even if none of them is fraud, it is above the champion's " + rate + ".";
  else if (even > 1) text += " Even if all of them are fraud, it is below the champion's " + rate + ".";
  else if (even === 0) text += " It is at most the champion's " + rate + " as long as none of them is fraud.";
  else text += " It is at most the champion's " + rate + " as long as no more than " + percentOf(even) + " of them are fraud" + (k > 0 ? ", " + fixed(even / (k / n), 2) + " times the rate of the labeled" : "") + ".";
  return [text];
}
