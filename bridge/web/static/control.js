/** What stands for one parameter: `Control`; and what slides along its range: `Slider`, of which fader and knob are made. */

import { Piece } from "./piece.js";
import { clamp, round, say, steps } from "./scale.js";
import { wire } from "./wire.js";

const DETENT = 0.012; // of the way: how near to the default a drag falls onto it
const NOTCH = 50; // pixels of a wheel that are one step

/** An element with a `path`. Subclasses say how it looks in `render`. */
export class Control extends Piece {
  param = null;

  get place() {
    return this.word("path");
  }

  /** The song's own tempo where `bpm-of` names a deck with a song; 0 else. */
  get bpm() {
    return wire.decks[this.word("bpm-of")]?.bpm ?? 0;
  }

  /** Listen to all that can change how it looks; call at the end of `build`. */
  attach() {
    const update = () => {
      this.param = wire.param(this.place);
      this.toggleAttribute("data-unknown", this.param === null);
      this.render();
    };
    this.keep(wire.onState(update), wire.on(this.place, () => this.render()), wire.onWanted(this.place, () => this.render()));
    if (this.hasAttribute("bpm-of")) this.keep(wire.onDecks(update));
  }

  render() {}
}

/** A control that is dragged, wheeled and stepped by keys. A subclass gives `length()` and `way(event)` in pixels. */
export class Slider extends Control {
  #grab = null;
  #own = null;
  #turned = 0;

  get range() {
    const { low, high } = this.param;
    return { ...this.param, low: clamp(this.number("low", low), low, high), high: clamp(this.number("high", high), low, high) };
  }

  /** The way in [0, 1] of a value on this control. */
  share(value) {
    return wire.unmap(this.range, value);
  }

  /** The value at a way; inverse of `share`. */
  at(share) {
    return wire.map(this.range, share);
  }

  /** What is shown: under the finger its own value, else what was sent last, else what took effect. */
  get shown() {
    return this.#own ?? wire.wanted(this.place);
  }

  attach() {
    this.setAttribute("role", "slider");
    this.setAttribute("aria-label", this.word("label", this.place));
    if (!this.hasAttribute("tabindex")) this.setAttribute("tabindex", "0");
    this.listen(this, "pointerdown", (event) => this.#take(event));
    this.listen(this, "pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) this.listen(this, end, () => this.#release());
    this.listen(this, "dblclick", (event) => this.double(event));
    this.listen(this, "wheel", (event) => this.#wheel(event), { passive: false });
    this.listen(this, "keydown", (event) => this.#key(event));
    super.attach();
  }

  double() {
    this.reset();
  }

  reset() {
    this.put(this.param.default);
  }

  /** Set a value of a person; it is rounded and kept in the range. */
  put(value) {
    if (!this.param) return;
    const rounded = value === this.param.default ? value : round(value, steps(this.param, this.bpm).finest);
    wire.set(this.place, clamp(rounded, this.param.low, this.param.high));
  }

  /** Tell assistive technology where it stands; returns the text. */
  tell(value) {
    const text = say(this.param, value, this.bpm);
    const facts = { min: this.range.low, max: this.range.high, now: value, text };
    for (const [name, fact] of Object.entries(facts)) this.setAttribute(`aria-value${name}`, fact);
    return text;
  }

  #take(event) {
    if (event.button !== 0 || !this.param) return;
    this.setPointerCapture(event.pointerId);
    this.focus({ preventScroll: true });
    this.#grab = { share: this.share(this.shown), way: this.way(event) };
  }

  #drag(event) {
    if (!this.#grab) return;
    const way = this.way(event);
    const moved = (way - this.#grab.way) / this.length();
    if (moved === 0) return;
    this.#grab = { share: this.#grab.share + moved * (event.shiftKey ? 0.1 : 1), way };
    this.#own = this.#valueAt(this.#grab.share, event.shiftKey);
    this.put(this.#own);
    this.render();
  }

  #valueAt(share, fine) {
    const { range } = this;
    const middle = this.share(range.default);
    if (!fine && middle > 0 && middle < 1 && Math.abs(share - middle) < DETENT) return range.default;
    const { grain, finest } = steps(range, this.bpm);
    return clamp(round(this.at(share), fine ? finest : grain), range.low, range.high);
  }

  #release() {
    if (!this.#grab) return;
    this.#grab = this.#own = null;
    this.render();
  }

  #wheel(event) {
    if (!this.param || event.ctrlKey || (!event.shiftKey && Math.abs(event.deltaX) > Math.abs(event.deltaY))) return;
    event.preventDefault();
    const delta = -(event.deltaY || event.deltaX);
    // A notch of a wheel is one step, however far it says it went; a touch pad sends many small ones.
    this.#turned = Math.abs(delta) >= NOTCH || event.deltaMode ? NOTCH * Math.sign(delta) : this.#turned + delta;
    if (Math.abs(this.#turned) < NOTCH) return;
    const { step, fine } = steps(this.param, this.bpm);
    this.put(wire.wanted(this.place) + Math.sign(this.#turned) * (event.shiftKey ? fine : step));
    this.#turned = 0;
  }

  #key(event) {
    if (!this.param || event.altKey || event.ctrlKey || event.metaKey) return;
    const { step, fine, page } = steps(this.param, this.bpm);
    const one = event.shiftKey ? fine : step;
    const by = { ArrowUp: one, ArrowRight: one, ArrowDown: -one, ArrowLeft: -one, PageUp: page, PageDown: -page }[event.key];
    const { low, high, default: normal } = this.range;
    const to = { Home: low, End: high, Delete: normal, Backspace: normal }[event.key];
    if (by === undefined && to === undefined) return;
    if (event.shiftKey && event.key === "Backspace") return; // everything stops: keys.js
    event.preventDefault();
    this.put(to ?? wire.wanted(this.place) + by);
  }
}
