"use strict";
// The way out: the draft as a policy file, and a link to what is shown.

function exportView(page, store, root, toolbar) {
  const name = el("input", { id: "draft-name", type: "text", spellcheck: "false", autocomplete: "off", "aria-describedby": "name-note", onchange: () => {
    const ok = POLICY_NAME.test(name.value);
    name.setAttribute("aria-invalid", String(!ok));
    if (ok) store.settle({ name: name.value });
  } });
  const text = el("textarea", { id: "draft-yaml", readonly: true, rows: "14", spellcheck: "false", "aria-label": "the draft as a policy file" });
  const save = () => {
    const url = URL.createObjectURL(new Blob([text.value], { type: "application/yaml" }));
    const a = el("a", { href: url, download: store.state.name + ".yaml" });
    a.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  };
  root.append(el("div.row", {}, el("h2", {}, "The draft as a policy file"), el("label.inline", {}, "name ", name), el("button", { type: "button", id: "save", onclick: save }, "Save file")),
    text, el("p.note", { id: "name-note" }, "A name has 1 to 100 of the characters a-z 0-9 . _ -. Check it on the records themselves: trustreplay compare --champion … --challenger " + page.champion.draft_name + ".yaml FILE…"));
  const said = el("span.said", { role: "status" });
  const copy = el("button", { type: "button", id: "copy-link", onclick: () => {
    const done = () => {
      setText(said, "copied");
      setTimeout(() => setText(said, ""), 2000);
    };
    const link = location.href;
    if (navigator.clipboard) navigator.clipboard.writeText(link).then(done, () => prompt("the link", link));
    else prompt("the link", link);
  } }, "Copy link");
  toolbar.append(copy, el("a.button", { href: "#export-panel", onclick: (e) => {
    e.preventDefault(); // the fragment holds the draft
    root.scrollIntoView({ block: "start" });
    name.focus();
  } }, "Policy file"), said);
  return {
    render(state) {
      if (document.activeElement !== name) name.value = state.name;
      text.value = policyYAML(page, state);
    },
  };
}
