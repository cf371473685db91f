/** What pointers and wheels do on a map: jump, loop, paint cells, zoom. */

import { ON } from "./map-song.js";
import { RULER } from "./map-view.js";

const FAR = 6; // pixels that make a click a drag

/** Listen on `area`. `map` is the element: it has the view and the song, and does what is wanted. */
export class Hands {
  #map;
  #drag = null;
  #pointers = new Map();
  #pinch = null;

  constructor(map, area) {
    this.#map = map;
    map.listen(map.frame, "mousedown", (event) => this.#leaveFocus(event));
    map.listen(area, "pointerdown", (event) => this.#down(event, area));
    map.listen(area, "pointermove", (event) => this.#move(event));
    map.listen(area, "pointerup", (event) => this.#up(event));
    map.listen(area, "pointercancel", (event) => this.#cancel(event));
    map.listen(area, "pointerleave", () => map.hint.show(null));
    map.listen(area, "wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** A click does not take the focus, so that keys go on playing; typing ends as with any click. */
  #leaveFocus(event) {
    if (!event.target.closest(".area, button")) return;
    event.preventDefault();
    if (document.activeElement !== this.#map) document.activeElement?.blur();
  }

  /** Where an event is: pixels, bar and lane; lane -1 is over the lanes. */
  #place(event) {
    const { view, lanes } = this.#map;
    const { left, top } = this.#map.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    return { x, y, bar: view.barAt(x), lane: view.laneAt(y, lanes.length) };
  }

  #down(event, area) {
    if (event.button !== 0 || !this.#map.song) return;
    const at = this.#place(event);
    this.#pointers.set(event.pointerId, at.x);
    if (this.#pointers.size === 2) return this.#beginPinch();
    area.setPointerCapture(event.pointerId);
    this.#drag = at.lane < 0 ? { ...at, id: event.pointerId, far: false } : this.#beginPaint(at, event);
  }

  /** A mouse paints at once. A finger may want to scroll the page: it paints when it goes up, or on to another cell. */
  #beginPaint(at, { pointerId, pointerType }) {
    const { song, cells, lanes } = this.#map;
    const on = !(cells.state(song, lanes[at.lane], at.bar) & ON);
    const drag = { ...at, id: pointerId, on, last: null };
    if (pointerType !== "touch") this.#paint(drag, at);
    return drag;
  }

  /** Switch the cells from the one behind the last on: the pointer may have skipped bars. */
  #paint(drag, at) {
    const { last } = drag;
    const from = last && last.lane === at.lane && last.bar !== at.bar ? last.bar + Math.sign(at.bar - last.bar) : at.bar;
    this.#map.moves.cells(at.lane, from, at.bar, drag.on);
    drag.last = at;
  }

  #move(event) {
    const at = this.#place(event);
    if (this.#pointers.has(event.pointerId)) this.#pointers.set(event.pointerId, at.x);
    if (this.#pinch) return this.#movePinch();
    this.#map.hint.show(at, event);
    const drag = this.#drag;
    if (!drag || drag.id !== event.pointerId) return;
    const before = drag.last ?? drag;
    if (drag.lane < 0) this.#moveLoop(drag, at);
    else if (at.lane >= 0 && (at.bar !== before.bar || at.lane !== before.lane)) {
      if (!drag.last) this.#paint(drag, drag);
      this.#paint(drag, at);
    }
  }

  #moveLoop(drag, at) {
    drag.far ||= Math.abs(at.x - drag.x) >= Math.max(FAR, 0.4 * Math.min(this.#map.view.perBar, 40));
    if (drag.far) this.#map.preview(...this.#span(drag, at));
  }

  #span(drag, at) {
    const start = Math.min(drag.bar, at.bar);
    return [start, Math.min(Math.max(drag.bar, at.bar) - start + 1, this.#map.moves.longest)];
  }

  #up(event) {
    this.#pointers.delete(event.pointerId);
    if (this.#pinch && this.#pointers.size < 2) this.#pinch = null;
    const drag = this.#drag;
    if (!drag || drag.id !== event.pointerId) return;
    this.#drag = null;
    const at = this.#place(event);
    if (drag.lane >= 0) return drag.last ? undefined : this.#paint(drag, drag);
    this.#map.preview(null);
    if (drag.far) this.#map.moves.loop(...this.#span(drag, at));
    else if (this.#map.region.holds(at.bar, this.#map.song.beatsPerBar)) this.#map.moves.endLoop();
    else this.#map.moves.jump(this.#landing(at));
  }

  /** Where a click jumps to: the bar, or from the sections the first one of the section. */
  #landing({ y, bar }) {
    const { song, view } = this.#map;
    return y < view.head - RULER ? (song.section(bar)?.bar ?? bar) : bar;
  }

  #cancel(event) {
    this.#pointers.delete(event.pointerId);
    [this.#drag, this.#pinch] = [null, null];
    this.#map.preview(null);
    this.#map.hint.show(null);
  }

  #beginPinch() {
    const [a, b] = this.#pointers.values();
    [this.#drag, this.#pinch] = [null, { apart: Math.max(Math.abs(a - b), 20), zoom: this.#map.view.zoom }];
    this.#map.preview(null);
  }

  #movePinch() {
    const [a, b] = this.#pointers.values();
    this.#map.zoomTo((this.#pinch.zoom * Math.max(Math.abs(a - b), 20)) / this.#pinch.apart, (a + b) / 2);
  }

  /** The ruler zooms, and so does the rest with ctrl, as a pinch on a touchpad comes; the page scrolls else. */
  #wheel(event) {
    const { view } = this.#map;
    const at = this.#place(event);
    if (event.deltaY === 0 || event.shiftKey || !(event.ctrlKey || at.lane < 0)) return;
    const zoom = view.zoom * Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002));
    if (zoom < 1 && view.zoom === 1 && !event.ctrlKey) return;
    event.preventDefault();
    this.#map.zoomTo(zoom, at.x);
  }
}
