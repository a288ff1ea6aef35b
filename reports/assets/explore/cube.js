"use strict";
// The cube as the page carries it: columns of small integers, each written as varints, all of them compressed together.

/**
 * @typedef {object} Cube
 * @property {number} rows
 * @property {Uint16Array} first   place of each row's answer among those of the first product
 * @property {Uint16Array} second  the same of the second product, 0 where there is none
 * @property {Uint32Array} group   place of each row's group
 * @property {Uint8Array} label    0 unlabeled, 1 legit, 2 fraud
 * @property {Float64Array} n      records; integers, of which a double holds those up to 2^53 exactly
 * @property {Float64Array} amount minor units
 */

/**
 * Reads the cube out of the page.
 * @param {object} page the page's data
 * @param {string} base64
 * @returns {Promise<Cube>}
 */
async function readCube(page, base64) {
  const packed = bytesOf(base64.trim());
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const rows = page.rows;
  const cube = {
    rows, first: new Uint16Array(rows), second: new Uint16Array(rows), group: new Uint32Array(rows),
    label: new Uint8Array(rows), n: new Float64Array(rows), amount: new Float64Array(rows),
  };
  let at = 0;
  // Seven bits a byte, the least first; a set eighth bit says that more follow. Products instead of shifts, which end at 32 bits.
  const column = (into, rule) => {
    for (let i = 0; i < rows; i++) {
      let byte = bytes[at++];
      let value = byte & 127;
      for (let scale = 128; byte > 127; scale *= 128) {
        byte = bytes[at++];
        value += (byte & 127) * scale;
      }
      into[i] = rule(value, i);
    }
  };
  // Rows are ordered by first, then by second, so that both are written as steps.
  column(cube.first, (v, i) => (i === 0 ? v : cube.first[i - 1] + v));
  column(cube.second, (v, i) => (i === 0 || cube.first[i] !== cube.first[i - 1] ? v : cube.second[i - 1] + v));
  column(cube.group, (v) => v);
  column(cube.label, (v) => v);
  column(cube.n, (v) => v + 1);
  column(cube.amount, (v) => v);
  if (at !== bytes.length) throw new Error("the page's data is damaged: " + (bytes.length - at) + " bytes too many");
  return cube;
}

/**
 * @param {string} base64
 * @returns {Uint8Array}
 */
function bytesOf(base64) {
  const text = atob(base64);
  const out = new Uint8Array(text.length);
  for (let i = 0; i < out.length; i++) out[i] = text.charCodeAt(i);
  return out;
}
