/** The keyboard on a map: a cursor that goes from cell to cell, and what it says. */

import { ON, words } from "./map-song.js";

const PAGE_BARS = 4;

/** Listen on `area`. `map` is the element. */
export class Keys {
  #map;
  #area;
  #at = { lane: 0, bar: 0 };

  constructor(map, area) {
    [this.#map, this.#area] = [map, area];
    map.listen(area, "keydown", (event) => this.#press(event));
    map.listen(area, "focus", () => this.#moved());
  }

  /** The song or its lanes changed: stay on them. */
  settle() {
    const { song, lanes } = this.#map;
    const bar = Math.min(Math.max(this.#at.bar, song?.first ?? 0), (song?.end ?? 1) - 1);
    this.#at = { lane: Math.min(this.#at.lane, Math.max(lanes.length - 1, 0)), bar };
    this.#area.setAttribute("aria-rowcount", lanes.length);
    this.#area.setAttribute("aria-colcount", song?.bars ?? 0);
    this.#area.setAttribute("aria-label", song ? "Cells: lanes of sources, bars of the song" : "Empty map");
  }

  /** Put the cursor where its cell is. */
  show() {
    const { song, lanes, cells, view } = this.#map;
    const { lane, bar } = this.#at;
    this.#map.place(this.#map.cursor, lane, bar);
    const { cell } = this.#map;
    if (!song || !lanes[lane]) return;
    cell.parentElement.setAttribute("aria-rowindex", lane + 1);
    cell.setAttribute("aria-colindex", bar - view.first + 1);
    cell.setAttribute("aria-selected", String(Boolean(cells.state(song, lanes[lane], bar) & ON)));
    cell.textContent = words(song, cells, lanes[lane], bar);
  }

  /** Go to a cell. */
  goTo(lane, bar) {
    this.#at = { lane, bar };
    this.settle();
    this.show();
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#map.song) return;
    const does = this.#deeds()[event.key];
    if (!does || does() === false) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #deeds() {
    const { lane, bar } = this.#at;
    const { song, lanes, view, moves } = this.#map;
    const to = (bars, rows = 0) => () => this.#step(bar + bars, lane + rows);
    const toggle = () => this.#toggle();
    return {
      ArrowLeft: to(-1),
      ArrowRight: to(1),
      ArrowUp: to(0, -1),
      ArrowDown: to(0, 1),
      PageUp: to(-PAGE_BARS),
      PageDown: to(PAGE_BARS),
      Home: () => this.#step(song.first, lane),
      End: () => this.#step(song.end - 1, lane),
      " ": lanes.length ? toggle : null,
      Enter: lanes.length ? toggle : null,
      j: () => moves.jump(bar),
      Escape: () => (this.#map.region.on ? moves.endLoop() : false),
      "+": () => this.#map.zoomTo(view.zoom * 1.6),
      "-": () => this.#map.zoomTo(view.zoom / 1.6),
    };
  }

  #toggle() {
    const { lane, bar } = this.#at;
    const { song, lanes, cells, moves } = this.#map;
    if (bar < 0) return this.#map.say("A lead-in has no cells to switch");
    moves.cells(lane, bar, bar, !(cells.state(song, lanes[lane], bar) & ON));
    this.#moved();
  }

  #step(bar, lane) {
    this.#at = { bar, lane: Math.max(lane, 0) };
    this.settle();
    this.#map.reveal(this.#at.bar);
    this.#moved();
  }

  #moved() {
    const { song, lanes, cells } = this.#map;
    this.show();
    if (song && lanes[this.#at.lane]) this.#map.say(words(song, cells, lanes[this.#at.lane], this.#at.bar));
  }
}
