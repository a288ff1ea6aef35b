"use strict";
// Elements are made here and nowhere else. Text goes in as text, never as markup, whatever it holds.

/**
 * @param {string} tag a tag name, with classes behind points: "div.panel"
 * @param {object} props attributes; those that begin with "on" are listeners, null and false are left out
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
function el(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const e = document.createElement(name);
  if (classes.length > 0) e.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? "" : String(value));
  }
  e.append(...children.filter((c) => c !== null));
  return e;
}

const byId = (id) => document.getElementById(id);

/** Sets a text only where it differs, which spares the browser the work of the many that do not. */
function setText(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

function setAttribute(e, name, value) {
  if (e.getAttribute(name) !== value) e.setAttribute(name, value);
}

/** A word of data as people read it: step_up becomes step-up. */
const spoken = (word) => word.replace(/_/g, word === "step_up" ? "-" : " ");

/** Calls a function once in each frame at most, with the last arguments. */
function everyFrame(f) {
  let waiting = false, last = [];
  return (...args) => {
    last = args;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      f(...last);
    });
  };
}

/** Calls a function once nothing has asked for it for a while. */
function afterQuiet(ms, f) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => f(...args), ms);
  };
}
