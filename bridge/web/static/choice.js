/** `<rx-choice path label labels values off at meter>`: one of a few values, side by side.
 *
 * Without `values` they are the whole numbers of the range in order. `off` is what a second press on the chosen one sets.
 * `meter` names a meter that says what is so, where a value alone does not (a loop ends by itself: `deck.a.loop_bars`).
 */

import { Control } from "./control.js";
import { lendFocus, make } from "./piece.js";
import { wire } from "./wire.js";

const listed = (text) => text.split(",").map((part) => part.trim());

class Choice extends Control {
  static observedAttributes = ["path", "label", "labels", "values", "off", "at", "meter"];
  #buttons = [];
  #metered = NaN;

  build() {
    this.setAttribute("role", "radiogroup");
    this.setAttribute("aria-label", this.word("label", this.place));
    this.#metered = NaN;
    this.#buttons = listed(this.word("labels", this.word("values"))).map((text, i) => this.#make(text, i));
    this.replaceChildren(...this.#buttons);
    this.listen(this, "keydown", (event) => this.#key(event));
    if (this.hasAttribute("meter")) this.keep(wire.onMeters(() => this.#read()));
    this.attach();
  }

  #make(text, place) {
    const button = make("button", { type: "button", role: "radio" }, text);
    this.listen(button, "click", () => this.#choose(place));
    lendFocus(this, button);
    return button;
  }

  #value(place) {
    return this.hasAttribute("values") ? Number(listed(this.word("values"))[place]) : (this.param?.low ?? 0) + place;
  }

  get #chosen() {
    return wire.pending(this.place) || Number.isNaN(this.#metered) ? wire.wanted(this.place) : this.#metered;
  }

  #choose(place) {
    const value = this.#value(place);
    const again = this.hasAttribute("off") && Math.abs(value - this.#chosen) < 1e-6;
    wire.set(this.place, again ? this.number("off", 0) : value, this.word("at", "now"));
  }

  #read() {
    const value = wire.meter(this.word("meter"));
    if (value === this.#metered) return;
    this.#metered = value;
    this.render();
  }

  #key(event) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const count = this.#buttons.length;
    const next = (Math.max(this.#buttons.indexOf(document.activeElement), 0) + by + count) % count;
    this.#buttons[next].focus();
    if (!this.hasAttribute("off")) this.#choose(next);
  }

  render() {
    const places = this.#buttons.map((_, place) => Math.abs(this.#value(place) - this.#chosen) < 1e-6);
    this.#buttons.forEach((button, place) => {
      button.setAttribute("aria-checked", String(places[place]));
      button.tabIndex = places[place] || (place === 0 && !places.includes(true)) ? 0 : -1;
      button.disabled = this.param === null;
    });
    this.toggleAttribute("data-pending", wire.pending(this.place));
  }
}

customElements.define("rx-choice", Choice);
