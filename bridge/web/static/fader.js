/** `<rx-fader path label orientation compact low high bpm-of>`: a level to slide, with its scale. */

import { Slider } from "./control.js";
import { make, write } from "./piece.js";
import { ticks } from "./scale.js";

class Fader extends Slider {
  static observedAttributes = ["path", "label", "orientation", "compact", "low", "high", "bpm-of"];
  #rail = null;
  #text = null;
  #marked = null;

  get flat() {
    return this.word("orientation") === "horizontal";
  }

  get #compact() {
    return this.hasAttribute("compact");
  }

  build() {
    const slide = make("i", { class: "rx-slide" }, make("b"));
    this.#rail = make("div", { class: "rx-rail" }, make("i", { class: "rx-fill" }), slide);
    this.#text = make("span", { class: "rx-text" });
    this.#marked = null;
    this.replaceChildren(this.#rail, this.#text);
    if (!this.#compact) this.append(make("span", { class: "rx-label" }, this.word("label")));
    this.setAttribute("aria-orientation", this.flat ? "horizontal" : "vertical");
    this.attach();
  }

  length() {
    const { width, height } = this.#rail.getBoundingClientRect();
    return Math.max(this.flat ? width : height, 1);
  }

  way(event) {
    return this.flat ? event.clientX : -event.clientY;
  }

  render() {
    if (!this.param) return;
    const value = this.shown;
    const [share, middle] = [this.share(value), this.share(this.param.default)];
    this.style.setProperty("--share", share);
    this.style.setProperty("--from", Math.min(share, middle));
    this.style.setProperty("--size", Math.abs(share - middle));
    this.toggleAttribute("data-default", value === this.param.default);
    write(this.#text, this.#compact ? this.tell(value).replace(" dB", "") : this.tell(value));
    this.#mark();
  }

  #mark() {
    if (this.#marked === this.param) return;
    this.#marked = this.param;
    const scale = ticks(this.param);
    const marks = scale.length ? scale : [this.param.default];
    const text = (db) => (scale.length && !this.#compact ? `${db > 0 ? "+" : db < 0 ? "\u2212" : ""}${Math.abs(db)}` : "");
    for (const old of this.#rail.querySelectorAll(".rx-tick")) old.remove();
    for (const db of marks) {
      const tick = make("i", { class: "rx-tick", "aria-hidden": "true" }, text(db));
      tick.style.setProperty("--at", this.share(db));
      tick.toggleAttribute("data-zero", db === this.param.default);
      this.#rail.prepend(tick);
    }
  }
}

customElements.define("rx-fader", Fader);
