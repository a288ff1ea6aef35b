"use strict";
// Numbers as the program prints them, digit for digit: what a page shows must be found again in a report.

const NO_VALUE = "n/a", NONE = "–";

/** A number with so many decimals, ties to even as in the program. */
function fixed(x, digits) {
  const text = x.toFixed(digits);
  const scaled = Math.abs(x) * 10 ** digits;
  if (scaled - Math.trunc(scaled) !== 0.5) return text;
  const exact = Math.abs(x).toFixed(60); // all the digits that a double of this size can have
  const cut = exact.indexOf(".") + digits + 1;
  if (!/^50*$/.test(exact.slice(cut))) return text;
  const even = exact.slice(0, cut);
  return /[02468]\.?$/.test(even) ? (x < 0 ? "-" : "") + even.replace(/\.$/, "") : text;
}

/** Groups of three digits, whatever the locale. */
const thousands = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

const percentOf = (v) => {
  if (Number.isNaN(v)) return NO_VALUE;
  if (v > 0 && v < 0.00005) return "<0.01 %";
  if (v < 1 && v >= 0.99995) return ">99.99 %";
  return fixed(100 * v, 2) + " %";
};

/** A share of nothing is a dash: a bare 0.00 % would claim more than was counted. */
const shareText = (k, n) => (n === 0 ? NO_VALUE : k === 0 ? NONE : percentOf(k / n));

const amountText = (minor) => thousands(Math.trunc(minor / 100)) + "." + String(minor % 100).padStart(2, "0");

/** A bound rounded up: an "at most" that was rounded down would be false. */
const roundUpText = (v) => fixed(Math.ceil(v * 1e4 - 1e-9) / 100, 2) + " %";

/** One value of a measure in its unit. */
function unitText(m, v) {
  switch (m.unit) {
    case "bps": return fixed(v, 2) + " bps";
    case "x:1": return fixed(v, 2) + " : 1";
    case "money_per_record": return fixed(v, 4);
    case "per_day": return m.den === 1 && !isRange(m) ? thousands(m.num) : fixed(v, 1);
  }
  return percentOf(v);
}

/** A measure's value, a range where records are undecided. */
function valueText(page, m) {
  if (isRange(m)) {
    const low = unitText(m, m.least);
    return (m.unit === "share" ? low.replace(/ %$/, "") : low) + " – " + unitText(m, m.most);
  }
  if (Number.isNaN(m.value)) return NO_VALUE;
  return m.num === 0 ? "0" : unitText(m, m.value);
}

/** A measure's interval, "" where none is claimed. */
function intervalText(page, m) {
  const atMost = atMostOf(page, m);
  if (!Number.isNaN(atMost)) return "at most " + roundUpText(atMost);
  if (m.method === "none") return "";
  const low = m.unit === "share" ? fixed(100 * m.low, 2) : m.unit === "money_per_record" ? fixed(m.low, 4) : fixed(m.low, 2);
  return (m.method === "linearized" ? "≈ " : "") + low + " – " + unitText(m, m.high);
}

/** A sum of money to the nearest cent, half away from zero. */
function totalText(page, money) {
  const minor = Math.sign(money) * Math.round(Math.abs(money) / (page.money_per_major / 100));
  return (minor < 0 ? "-" : "") + amountText(Math.abs(minor));
}

/** A measure's numerator and denominator. */
function countedText(page, m) {
  if (m.unit === "money_per_record") return totalText(page, m.num) + " for " + thousands(m.den);
  if (m.unit === "per_day") return thousands(m.num) + " in " + (m.den === 1 ? "1 day" : thousands(m.den) + " days");
  const show = m.byValue ? amountText : thousands;
  return show(m.num) + (m.unit === "x:1" ? " : " : " of ") + show(m.den);
}

/** The difference of a measure from the champion's, in its unit: a range where that of the draft is one, "" where the champion's is. */
function changeText(a, b) {
  const ends = (m) => (isRange(m) ? [m.least, m.most] : [m.value, m.value]);
  const [least, most] = ends(b).map((v) => v - a.value);
  if (isRange(a) || Number.isNaN(least) || Number.isNaN(most)) return "";
  const share = a.unit === "share", digits = { money_per_record: 4, per_day: 1 }[a.unit] || 2;
  const text = (d) => {
    const shown = fixed(Math.abs(share ? 100 * d : d), digits);
    if (/^[0.]*$/.test(shown)) return d === 0 ? "=" : "≈ 0";
    return (d > 0 ? "+" : "−") + shown;
  };
  const low = text(least), high = text(most);
  if (low === "=" && high === "=") return "=";
  return (low === high ? low : low.replace("=", "0") + " to " + high.replace("=", "0")) + (share ? " pp" : "");
}
