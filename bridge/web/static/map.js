/** `<rx-map deck="a">`: what plays when, as a picture that is played.
 *
 * The picture stands still: per frame only the playhead moves, by a transform. What a cell is comes from the wire; what was
 * asked for a moment ago is shown until it is so.
 */

import { frameOf, nameOf } from "./map-frame.js";
import { Hands } from "./map-hands.js";
import { Hint } from "./map-hint.js";
import { Keys } from "./map-keys.js";
import { Loop } from "./map-loop.js";
import { Moves } from "./map-moves.js";
import { draw, redrawLane } from "./map-picture.js";
import { Cells, Song } from "./map-song.js";
import { style, themeOf } from "./map-style.js";
import { RULER, SECTIONS, View } from "./map-view.js";
import { Piece, write } from "./piece.js";
import { wire } from "./wire.js";

const AGAIN_MS = 700;
const STEP = 1.6; // of the zoom
const HEIGHT = 210; // pixels of all lanes, unless they are too many for it
const STAY_MS = 4000; // what people scrolled to stays, before the map follows again
const HINT = "Click a bar to jump there, drag for a loop, click a cell to switch it on or off.";

class SongMap extends Piece {
  static observedAttributes = ["deck"];

  song = null;
  lanes = [];
  cells = new Cells(() => this.redraw());
  view = new View();
  region = new Loop();
  moves = new Moves(this);
  #preview = null;
  #signature = "";
  #told = "";
  #laneOffs = [];
  #stale = true;
  #staleLanes = new Set();
  #stay = 0;
  #frame = 0;
  #here = "";
  #asking = null;

  build() {
    this.deck = this.word("deck", "a");
    this.#signature = "";
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    Object.assign(this, frameOf(this.#buttons()));
    this.context = this.canvas.getContext("2d");
    root.replaceChildren(this.frame);
    this.hint = new Hint(this);
    this.hands = new Hands(this, this.area);
    this.keys = new Keys(this, this.area);
    this.listen(this.scroller, "scroll", () => this.#scrolled());
    const sizes = new ResizeObserver(() => this.#fit());
    sizes.observe(this);
    this.keep(() => sizes.disconnect(), () => this.#quit());
    this.keep(wire.onDecks((decks) => this.#takeDeck(decks[this.deck])));
    this.keep(wire.on(`deck.${this.deck}.parts`, () => this.#takeLanes()));
    this.keep(wire.onMeters(() => this.#see()));
    this.#step();
  }

  #step() {
    this.#frame = requestAnimationFrame(() => this.#step());
    this.#show();
  }

  #quit() {
    cancelAnimationFrame(this.#frame);
    this.#asking?.abort();
    for (const off of this.#laneOffs.splice(0)) off();
  }

  #buttons() {
    const zoom = (factor) => () => this.zoomTo(this.view.zoom * factor);
    return { back: () => this.moves.asInTheSong(), out: zoom(1 / STEP), in: zoom(STEP), fit: zoom(0) };
  }

  // What there is

  #takeDeck(told) {
    this.told = told;
    const cells = JSON.stringify(told?.cells ?? null);
    if (cells !== this.#told) {
      this.#told = cells;
      this.cells.tell(told?.cells);
      this.redraw();
      this.keys.show();
    }
    const signature = JSON.stringify(told && [told.song, told.title, told.parts, told.whole, told.layers]);
    if (signature === this.#signature) return;
    this.#signature = signature;
    if (!told || told.title !== this.song?.title) this.#forget();
    if (told) this.#ask();
  }

  #forget() {
    this.song = null;
    this.region.forget();
    this.#takeLanes();
    this.view.zoom = 1;
    this.say(this.told ? "The map is being drawn …" : "No song on this deck.");
  }

  async #ask() {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    try {
      const answer = await fetch(`/api/decks/${this.deck}/map`, { signal: asking.signal });
      if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `answer ${answer.status}`);
      this.#takeSong(new Song(await answer.json()));
    } catch (error) {
      if (asking.signal.aborted) return;
      this.say(`The map cannot be had: ${error.message}`);
    }
    if (!asking.signal.aborted && !this.song?.whole) setTimeout(() => asking.signal.aborted || this.#ask(), AGAIN_MS);
  }

  #takeSong(song) {
    if (!this.song) this.say(HINT);
    this.song = song;
    [this.view.first, this.view.bars] = [song.first, song.bars];
    this.view.head = RULER + (song.sections.length ? SECTIONS : 0);
    this.frame.setAttribute("aria-label", `Map of ${song.title}`);
    this.#takeLanes();
  }

  #takeLanes() {
    const part = this.told?.parts?.[Math.round(wire.value(`deck.${this.deck}.parts`))];
    this.lanes = this.song?.lanes(part) ?? [];
    for (const off of this.#laneOffs.splice(0)) off();
    for (const { id } of this.lanes) {
      const at = `deck.${this.deck}.${id}`;
      this.#laneOffs.push(wire.on(`${at}.mute`, () => this.redraw()), wire.on(`${at}.solo`, () => this.redraw()));
      let heard = false; // the first call says what the last command was, which may be long ago
      this.#laneOffs.push(wire.on(`${at}.cell`, (value) => heard && this.#echo(id, value)));
      heard = true;
    }
    this.names.replaceChildren(...this.lanes.map(nameOf));
    this.keys.settle();
    this.#fit();
  }

  #echo(id, value) {
    this.cells.echo(id, value);
    this.redraw(id);
    this.keys.show();
  }

  #see() {
    const at = `deck.${this.deck}`;
    if (!this.song) return;
    const [bars, start] = [wire.meter(`${at}.loop_bars`) || 0, wire.meter(`${at}.loop_beat`) || 0];
    if (this.region.see(bars, start, this.song.beatsPerBar)) this.#showLoop();
  }

  /** Draw the picture with the next frame: all of it, or the lane of a source. */
  redraw(id = null) {
    const k = id === null ? -1 : this.lanes.findIndex((lane) => lane.id === id);
    if (k < 0) this.#stale = true;
    else this.#staleLanes.add(k);
  }

  /** Frame the bars that repeat; dashed as long as they are only asked for. */
  #showLoop() {
    const { view, loop, song } = this;
    const shown = this.#preview ?? (song && this.region.shown(song.beatsPerBar));
    loop.classList.toggle("on", Boolean(shown));
    if (!shown) return;
    loop.classList.toggle("pending", shown.pending);
    loop.style.transform = `translateX(${view.x(shown.start)}px)`;
    loop.style.width = `${shown.bars * view.perBar}px`;
  }

  #fit() {
    const { view, lanes } = this;
    view.width = Math.max(this.scroller.clientWidth, 1);
    const least = matchMedia("(pointer: coarse)").matches ? 32 : 24;
    view.lane = Math.min(Math.max(Math.floor(HEIGHT / Math.max(lanes.length, 1)), least), 34);
    const height = lanes.length ? view.y(lanes.length) : 0;
    this.area.style.height = `${height}px`;
    this.area.style.width = `${view.width}px`;
    this.area.style.touchAction = view.zoom > 1 ? "pan-x pan-y" : "pan-y";
    this.wide.style.width = `${view.wide}px`;
    this.round.style.top = `${view.head - RULER + 2}px`;
    this.names.style.paddingTop = `${view.head}px`;
    for (const name of this.names.children) name.style.height = `${view.lane}px`;
    view.scrollTo(view.scroll);
    this.scroller.scrollLeft = view.scroll;
    this.#moved();
  }

  #moved() {
    this.redraw();
    this.#showLoop();
    this.keys.show();
  }

  #scrolled() {
    if (Math.abs(this.scroller.scrollLeft - this.view.scroll) <= 1) return;
    this.#stay = performance.now() + STAY_MS;
    this.view.scrollTo(this.scroller.scrollLeft);
    this.#moved();
  }

  /** One frame: the playhead; and the picture, if something of it changed. */
  #show() {
    if (!this.song) return;
    const { view } = this;
    const x = view.x(wire.beat(this.deck) / this.song.beatsPerBar);
    if (view.zoom > 1 && (x < 0 || x > 0.92 * view.width) && performance.now() > this.#stay) this.#follow(x);
    const here = x >= 0 && x <= view.width ? `translateX(${x.toFixed(2)}px)` : "";
    if (here !== this.#here) {
      this.playhead.classList.toggle("out", !here);
      if (here) this.playhead.style.transform = here;
      this.#here = here;
    }
    if (this.#stale || this.#staleLanes.size) this.#draw();
  }

  #follow(x) {
    if (!(wire.meter(`deck.${this.deck}.running`) > 0)) return;
    this.view.scrollTo(this.view.scroll + x - 0.08 * this.view.width);
    this.scroller.scrollLeft = this.view.scroll;
    this.#moved();
  }

  #draw() {
    const { canvas, context, view, lanes, song, cells } = this;
    const scale = devicePixelRatio || 1;
    const [width, height] = [Math.round(view.width * scale), Math.round(view.y(lanes.length) * scale)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const dims = this.#dims();
    [...this.names.children].forEach((name, k) => name.classList.toggle("dim", dims[k]));
    const scene = { song, lanes, cells, view, dims, theme: themeOf(this, context) };
    if (this.#stale) draw(context, scene);
    else for (const k of this.#staleLanes) redrawLane(context, scene, k);
    this.#stale = false;
    this.#staleLanes.clear();
    this.back.disabled = !cells.edited(lanes);
    this.hint.refresh();
  }

  #dims() {
    const is = (id, name) => wire.value(`deck.${this.deck}.${id}.${name}`) > 0;
    const soloed = (this.told?.sources ?? []).some((id) => is(id, "solo"));
    return this.lanes.map(({ id }) => is(id, "mute") || (soloed && !is(id, "solo")));
  }

  // What hands and keys need

  /** Put a mark onto a cell. */
  place(mark, lane, bar) {
    const { view } = this;
    mark.style.transform = `translate(${view.x(bar)}px, ${lane < 0 ? view.head - RULER : view.y(lane)}px)`;
    mark.style.width = `${view.perBar}px`;
    mark.style.height = `${lane < 0 ? RULER - 4 : view.lane}px`;
  }

  /** Show a loop that was asked for, until it is so. */
  askLoop(beat, bars) {
    this.region.ask(beat, bars);
    this.#showLoop();
  }

  /** Show a loop that is being drawn; null: no more. */
  preview(start, bars) {
    this.#preview = start === null ? null : { start, bars, pending: true };
    this.#showLoop();
  }

  /** Zoom about a place, or else about the playhead; under 1 is 1. */
  zoomTo(zoom, x = this.view.x(wire.beat(this.deck) / (this.song?.beatsPerBar ?? 4))) {
    this.view.zoomTo(zoom, Math.min(Math.max(x, 0), this.view.width));
    this.#stay = performance.now() + STAY_MS;
    this.#fit();
  }

  /** Scroll so that a bar is in sight. */
  reveal(bar) {
    const { view } = this;
    const x = view.x(bar);
    if (x >= 0 && x + view.perBar <= view.width) return;
    view.scrollTo(view.scroll + x - 0.2 * view.width);
    this.#stay = performance.now() + STAY_MS;
    this.#fit();
  }

  /** Say something to who looks and who listens. */
  say(text) {
    write(this.said, text);
  }
}

customElements.define("rx-map", SongMap);
