/** What a map is made of; all of it in its shadow root. */

import { make } from "./piece.js";

/** Return the parts by name; `does` has what the buttons do. */
export function frameOf(does) {
  const parts = {
    canvas: make("canvas", { "aria-hidden": "true" }),
    playhead: make("div", { class: "here out" }),
    loop: make("div", { class: "loop" }),
    over: make("div", { class: "mark hover" }),
    cursor: make("div", { class: "mark cursor" }),
    cell: make("div", { role: "gridcell", id: "cell" }),
    names: make("div", { class: "names", "aria-hidden": "true" }),
    tip: make("div", { class: "tip", "aria-hidden": "true" }),
    said: make("span", { class: "say", "aria-live": "polite" }),
    back: button("As in the song", "", does.back),
  };
  const { canvas, loop, over, cursor, playhead, cell, names, said, back, tip } = parts;
  // Of all the cells of the grid only the one under the cursor is there: a map may have thousands.
  const row = make("div", { role: "row", class: "cell" }, cell);
  parts.area = make("div", { role: "grid", tabindex: "0", "aria-activedescendant": "cell", class: "area" });
  parts.round = make("div", { class: "round" }, loop);
  parts.area.append(canvas, parts.round, over, cursor, playhead, row);
  parts.wide = make("div", {}, parts.area);
  parts.scroller = make("div", { class: "scroll" }, parts.wide);
  const zooms = [["−", "Zoom out", does.out], ["+", "Zoom in", does.in], ["Fit", "Fit the whole song", does.fit]];
  const foot = make("div", { class: "foot" }, said, back, ...zooms.map((one) => button(...one)));
  parts.frame = make("div", { class: "map", role: "group" }, names, parts.scroller, foot, tip);
  return parts;
}

function button(text, label, fn) {
  const made = make("button", { type: "button", ...(label ? { "aria-label": label, title: label } : {}) }, text);
  made.addEventListener("click", fn);
  return made;
}

/** The name of a lane, as it stands left of it. */
export function nameOf({ name, color }) {
  const made = make("div", { class: "name", title: name }, make("i"), make("span", {}, name));
  made.style.setProperty("--lane", color);
  return made;
}
