/** `<rx-knob path label low high bpm-of>`: a round control; dragged up and down. An equaliser's knob can be killed. */

import { Slider } from "./control.js";
import { make, write } from "./piece.js";
import { clamp } from "./scale.js";
import { wire } from "./wire.js";

const TRAVEL = 180; // pixels from one end to the other
const LONG_TRAVEL = 1440; // for tempo, whose range is wide and whose steps are small
const ARC = "M 10.6 37.4 A 19 19 0 1 1 37.4 37.4"; // three quarters of a circle around (24, 24)

class Knob extends Slider {
  static observedAttributes = ["path", "label", "low", "high", "bpm-of"];
  #arc = null;
  #hand = null;
  #text = null;
  #label = null;

  build() {
    this.#arc = make("path", { class: "rx-arc", d: ARC, pathLength: "1" });
    this.#hand = make("line", { class: "rx-hand", x1: "24", y1: "20", x2: "24", y2: "11" });
    const [groove, cap] = [make("path", { class: "rx-groove", d: ARC }), make("circle", { cx: "24", cy: "24", r: "14" })];
    const face = make("svg", { viewBox: "0 0 48 48", "aria-hidden": "true" }, groove, this.#arc, cap, this.#hand);
    this.#text = make("span", { class: "rx-text" });
    this.#label = make("span", { class: "rx-label" }, this.word("label"));
    this.replaceChildren(face, this.#text, this.#label);
    this.setAttribute("aria-orientation", "vertical");
    this.listen(this, "contextmenu", (event) => this.#kill(event));
    this.listen(this, "keydown", (event) => event.key === "k" && this.#kill(event));
    this.attach();
  }

  length() {
    return this.param.curve === "log" ? LONG_TRAVEL : TRAVEL;
  }

  way(event) {
    return -event.clientY;
  }

  /** The default is in the middle, however wide either side is: an equaliser's 0 dB is where the hand expects it. */
  share(value) {
    const { low, high, default: middle } = this.range;
    if (!this.#halves) return super.share(value);
    const kept = clamp(value, low, high);
    return kept < middle ? (0.5 * (kept - low)) / (middle - low) : 0.5 + (0.5 * (kept - middle)) / (high - middle);
  }

  at(share) {
    const { low, high, default: middle } = this.range;
    if (!this.#halves) return super.at(share);
    const part = 2 * clamp(share, 0, 1);
    return part < 1 ? low + part * (middle - low) : middle + (part - 1) * (high - middle);
  }

  get #halves() {
    const { low, high, default: middle, curve } = this.range;
    return curve === "linear" && middle > low && middle < high;
  }

  double(event) {
    if (this.#killable && event.target === this.#label) this.#kill(event);
    else this.reset();
  }

  render() {
    if (!this.param) return;
    const value = this.shown;
    const [share, middle] = [this.share(value), this.share(this.param.default)];
    const text = this.tell(value);
    this.#arc.setAttribute("stroke-dasharray", `${Math.abs(share - middle)} 2`);
    this.#arc.setAttribute("stroke-dashoffset", -Math.min(share, middle));
    this.#hand.setAttribute("transform", `rotate(${270 * share - 135} 24 24)`);
    this.toggleAttribute("data-default", value === this.param.default);
    this.toggleAttribute("data-killed", text === "kill");
    write(this.#text, text);
  }

  get #killable() {
    return /\.eq_\w+$/.test(this.place);
  }

  /** As low as it goes; and back. */
  #kill(event) {
    if (!this.#killable || !this.param) return;
    event.preventDefault();
    this.put(wire.wanted(this.place) <= this.param.low ? this.param.default : this.param.low);
  }
}

customElements.define("rx-knob", Knob);
