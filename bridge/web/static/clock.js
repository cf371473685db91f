/** `<rx-clock deck>`: bar and beat, tempo, and a light on each beat; without `deck` those of the clock that all follow. */

import { place } from "./bars.js";
import { Piece, make, write } from "./piece.js";
import { wire } from "./wire.js";

class Clock extends Piece {
  static observedAttributes = ["deck"];

  build() {
    const deck = this.word("deck") || null;
    const [light, beat, bpm] = [make("i", { class: "rx-light" }), make("b", {}, "\u2013"), make("span", {}, "")];
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", deck ? `Place of deck ${deck.toUpperCase()}` : "Clock");
    this.replaceChildren(light, beat, bpm);
    this.keep(wire.onMeters(() => this.#read(deck, light, beat, bpm)));
  }

  #read(deck, light, beat, bpm) {
    const at = deck ? `deck.${deck}` : "master";
    const there = !deck || wire.meter(`${at}.loaded`) > 0;
    const now = place(deck);
    write(beat, there ? `${now.bar}.${now.beat}` : "\u2013");
    write(bpm, there ? `${(wire.meter(`${at}.bpm`) || 0).toFixed(2)} bpm` : "");
    const runs = there && (!deck || wire.meter(`${at}.running`) > 0);
    light.toggleAttribute("data-on", runs && now.part < 0.3);
    light.toggleAttribute("data-one", now.beat === 1);
  }
}

customElements.define("rx-clock", Clock);
