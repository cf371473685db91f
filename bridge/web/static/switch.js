/** `<rx-switch path label text at mode>`: a button that is on or off. Until a change for the next bar is there, it blinks. */

import { Control } from "./control.js";
import { lendFocus, make } from "./piece.js";
import { wire } from "./wire.js";

class Switch extends Control {
  static observedAttributes = ["path", "label", "text", "at", "mode"];
  #button = null;

  build() {
    const label = this.word("label", this.place);
    this.#button = make("button", { type: "button", "aria-label": label, title: label }, this.word("text", label));
    this.replaceChildren(this.#button);
    this.listen(this.#button, "click", () => this.#press());
    lendFocus(this, this.#button);
    this.attach();
  }

  /** "press" does it each time (cue), "toggle" changes what is or what is to be. */
  #press() {
    const value = this.word("mode") === "press" || !wire.wanted(this.place) ? 1 : 0;
    wire.set(this.place, value, this.word("at", "now"));
  }

  render() {
    const now = wire.pending(this.place) ? wire.value(this.place) : wire.wanted(this.place);
    const press = this.word("mode") === "press";
    if (!press) this.#button.setAttribute("aria-pressed", String(now > 0));
    this.#button.disabled = this.param === null;
    this.toggleAttribute("data-pending", wire.pending(this.place));
  }
}

customElements.define("rx-switch", Switch);
