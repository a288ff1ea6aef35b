"use strict";
// The gate and the matrix as one table: a row for each cluster of the first product. A cell says what is done, with how many
// records, and how many of these are fraud; a click or Enter opens its actions, a letter sets one.

const LETTERS = { a: 1, m: 2, s: 3, r: 4, b: 5, n: NEXT };

function gridView(page, store, root) {
  const two = page.products.length > 1;
  const tied = page.champion.tied; // nobody tells an answer without a cluster from no answer
  // What no record of the page can be is left out, and stays as the champion has it.
  const unclustered = page.products.map((p) => !tied && p.answers.status.some((s, i) => s === STATUS_OK && (p.answers.score[i] < 0 || p.answers.cluster[i] === 0)));
  const order = [5, 4, 3, 2, 1, 0, ...(unclustered[0] ? [UNCLUSTERED] : [])]; // the most trusted above
  const columns = two ? [0, 1, 2, 3, 4, 5, ...(unclustered[1] ? [UNCLUSTERED] : [])] : [];
  const cells = new Map(); // by "row,column", column -1 for the gate
  let current = [order[0], -1], menu = null;
  const name = (c) => spoken(page.clusters[c]);
  const [first, second] = page.products.map((p) => p.name);
  const head = el("tr", {}, el("td"), el("th", { scope: "col" }, two ? "gate" : "action"), ...columns.map((c) => el("th", { scope: "col" }, name(c))));
  const body = el("tbody", {}, ...order.map((r) => el("tr", {}, el("th", { scope: "row" }, name(r)), cell(r, -1), ...columns.map((c) => cell(r, c)))));
  const table = el("table.grid", { "aria-label": two ? "gate and matrix: rows " + first + ", columns " + second : "actions by cluster of " + first, onkeydown: onKey },
    el("thead", {}, two ? el("tr.over", {}, el("td"), el("th", { scope: "colgroup" }, first), el("th", { colspan: columns.length, scope: "colgroup" }, second + ", where the gate says next")) : null, head), body);
  root.append(el("div.wide", {}, table));

  function cell(r, c) {
    const b = el("button.cell", { type: "button", id: "cell-" + r + "-" + (c < 0 ? "gate" : c), tabindex: "-1", "aria-haspopup": "menu",
      onclick: () => open(r, c), onfocus: () => focusOn(r, c) }, el("span.what"), el("span.share"), el("span.rate"));
    cells.set(r + "," + c, b);
    return el("td", {}, b);
  }

  function focusOn(r, c) {
    cells.get(String(current)).tabIndex = -1;
    current = [r, c];
    cells.get(String(current)).tabIndex = 0;
  }

  const actionAt = (state, r, c) => (c < 0 ? state.gate[r] : state.matrix[r][c]);

  function set(r, c, action) {
    close();
    if (action === NEXT && (c >= 0 || !two)) return;
    const s = store.state, gate = s.gate.slice(), matrix = s.matrix.map((row) => row.slice());
    for (const row of tied && r === MISSING ? [MISSING, UNCLUSTERED] : [r]) {
      if (c < 0) gate[row] = action;
      for (const col of tied && c === MISSING ? [MISSING, UNCLUSTERED] : [c]) if (c >= 0) matrix[row][col] = action;
    }
    store.settle({ gate, matrix });
    cells.get(r + "," + c).focus();
  }

  function open(r, c) {
    close();
    focusOn(r, c);
    const b = cells.get(r + "," + c), now = actionAt(store.state, r, c);
    const choices = [1, 2, 3, 4, 5, ...(c < 0 && two ? [NEXT] : [])];
    const items = choices.map((a) => el("button.choice." + (a === NEXT ? "next" : page.actions[a]), {
      type: "button", role: "menuitemradio", "aria-checked": String(a === now), tabindex: "-1", "data-action": a, onclick: () => set(r, c, a),
    }, a === NEXT ? "next: ask " + second : spoken(page.actions[a])));
    menu = el("div.menu", { role: "menu", "aria-label": b.getAttribute("aria-label"), onkeydown: (e) => {
      const at = items.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[e.key];
      if (to !== undefined) items[(to + items.length) % items.length].focus();
      else if (e.key === "Escape" || e.key === "Tab") {
        close();
        b.focus();
      } else if (LETTERS[e.key]) set(r, c, LETTERS[e.key]);
      else return;
      if (e.key !== "Tab") e.preventDefault();
      e.stopPropagation();
    } }, ...items);
    b.setAttribute("aria-expanded", "true");
    b.parentElement.append(menu);
    if (menu.getBoundingClientRect().right > document.documentElement.clientWidth) menu.classList.add("left");
    if (menu.getBoundingClientRect().bottom > table.getBoundingClientRect().bottom) menu.classList.add("up"); // or the table would scroll
    (items.find((i) => i.getAttribute("aria-checked") === "true") || items[0]).focus();
  }

  function close() {
    if (!menu) return;
    menu.parentElement.firstChild.removeAttribute("aria-expanded");
    menu.remove();
    menu = null;
  }
  document.addEventListener("pointerdown", (e) => {
    if (menu && !menu.contains(e.target)) close();
  });

  /** Arrows walk the table, a letter sets the action of the cell. */
  function onKey(e) {
    if (menu || e.ctrlKey || e.metaKey || e.altKey) return;
    const [r, c] = current, across = [-1, ...columns];
    const step = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[e.key];
    if (step) {
      const y = Math.min(Math.max(order.indexOf(r) + step[0], 0), order.length - 1), x = Math.min(Math.max(across.indexOf(c) + step[1], 0), across.length - 1);
      cells.get(order[y] + "," + across[x]).focus();
    } else if (LETTERS[e.key]) set(r, c, LETTERS[e.key]);
    else return;
    e.preventDefault();
  }

  /** Shows the actions of a state and what each cell decides. */
  function render(state, counts, total) {
    for (const [key, b] of cells) {
      const [r, c] = key.split(",").map(Number);
      const action = actionAt(state, r, c), champion = actionAt(page.champion, r, c);
      const asked = c < 0 || state.gate[r] === NEXT;
      const word = action === NEXT ? "next" : page.actions[action];
      const t = newTally();
      for (const row of tied && r === MISSING ? [MISSING, UNCLUSTERED] : [r]) {
        if (c < 0) addTo(t, counts.parts[GATE + row]);
        else for (const col of tied && c === MISSING ? [MISSING, UNCLUSTERED] : [c]) addTo(t, counts.parts[MATRIX + row * ROWS + col]);
        if (c < 0 && action === NEXT) {
          addTo(t, counts.open[row]);
          for (let col = 0; col < ROWS; col++) addTo(t, counts.parts[MATRIX + row * ROWS + col]);
        }
      }
      const n = sumOf(t), labeled = labeledOf(t);
      const edited = asked && action !== champion && !(c >= 0 && page.champion.gate[r] !== NEXT);
      b.className = "cell " + word + (asked ? "" : " unasked") + (edited ? " edited" : "") + (asked && n === 0 ? " empty" : "");
      setText(b.children[0], asked ? (action === NEXT ? "next →" : spoken(word)) : "·");
      setText(b.children[1], asked && n > 0 ? percentOf(n / total) : "");
      setText(b.children[2], asked && n > 0 && labeled > 0 ? shareText(t.records[2], labeled) : "");
      const where = name(r) + (c < 0 ? (two ? ", gate" : "") : " and " + name(c));
      setAttribute(b, "aria-label", where + ": " + (asked ? spoken(word) + (edited ? ", champion " + (champion === NEXT ? "next" : spoken(page.actions[champion])) : "") + ", " + thousands(n) + " records" +
        (labeled > 0 ? ", " + thousands(t.records[2]) + " of " + thousands(labeled) + " labeled are fraud" : "") : "not asked, " + spoken(word) + " if it were"));
      setAttribute(b, "title", b.getAttribute("aria-label"));
    }
  }
  focusOn(...current);
  return { render };
}
