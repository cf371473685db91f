/** `<rx-number path label bpm-of at line meter>`: a value to type; Enter sets it, Escape leaves it as it is.
 *
 * With `line` the number is sent as that line of the terminal ("tempo" says "tempo 124"), which may do more than set the path;
 * with `meter` it shows that meter instead, as the tempo of whoever leads.
 */

import { Control } from "./control.js";
import { make } from "./piece.js";
import { round, say, steps } from "./scale.js";
import { wire } from "./wire.js";

const SETTLES_MS = 700;

class NumberField extends Control {
  static observedAttributes = ["path", "label", "bpm-of", "at", "line", "meter"];
  #input = null;
  #own = null; // what was put last, until the meter has come there
  #until = 0;

  build() {
    const label = this.word("label", this.place);
    this.#input = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": label });
    this.replaceChildren(this.#input);
    if (!this.hasAttribute("compact")) this.append(make("span", { class: "rx-label", "aria-hidden": "true" }, label));
    this.listen(this.#input, "focus", () => this.#input.select());
    this.listen(this.#input, "input", () => (this.#own = null));
    this.listen(this.#input, "blur", () => this.#leave());
    this.listen(this.#input, "keydown", (event) => this.#key(event));
    if (this.hasAttribute("meter")) this.keep(wire.onMeters(() => this.render()));
    this.attach();
  }

  get #now() {
    const meter = this.hasAttribute("meter") ? wire.meter(this.word("meter")) : 0;
    if (meter && this.#own !== null && performance.now() < this.#until) return this.#own;
    return meter || wire.wanted(this.place);
  }

  #key(event) {
    const { step, fine } = this.param ? steps(this.param, this.bpm) : {};
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (event.key === "Enter") this.#commit();
    else if (event.key === "Escape") this.#leave();
    else if (by && this.param) this.#put(this.#now + by * (event.shiftKey ? fine : step));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #commit() {
    const found = this.#input.value.replace(",", ".").replace("\u2212", "-").match(/[+-]?\d*\.?\d+/);
    if (!found || !this.param) return this.#refuse("a number, please");
    const value = this.bpm ? Number(found[0]) / this.bpm : Number(found[0]);
    const { low, high } = this.param;
    const [least, most] = [low, high].map((end) => say(this.param, end, this.bpm));
    if (value < low || value > high) return this.#refuse(`${least} to ${most}`);
    return this.#put(value);
  }

  #put(value) {
    const { low, high } = this.param;
    const wanted = Math.min(Math.max(round(value, 1e-6), low), high);
    [this.#own, this.#until] = [wanted, performance.now() + SETTLES_MS];
    if (this.hasAttribute("line")) wire.do(`${this.word("line")} ${wanted}`);
    else wire.set(this.place, wanted, this.word("at", "now"));
    this.#input.removeAttribute("aria-invalid");
    this.#show();
    this.#input.select();
  }

  #refuse(reason) {
    this.#input.setAttribute("aria-invalid", "true");
    this.#input.title = reason;
  }

  #leave() {
    this.#input.removeAttribute("aria-invalid");
    this.#input.title = "";
    this.#show();
  }

  #show() {
    this.#input.disabled = this.param === null;
    const text = this.param ? say(this.param, this.#now, this.bpm) : "";
    if (this.#input.value !== text) this.#input.value = text;
  }

  render() {
    // What is being typed is not written over.
    if (document.activeElement !== this.#input || this.#own !== null) this.#show();
  }
}

customElements.define("rx-number", NumberField);
