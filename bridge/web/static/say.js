/** `<rx-say>`: what the wire says to people, for a few seconds. */

import { Piece, make } from "./piece.js";
import { wire } from "./wire.js";

const SHOWN_MS = 7000;
const LINES = 4;

class Say extends Piece {
  build() {
    this.setAttribute("role", "status");
    this.setAttribute("aria-live", "polite");
    this.replaceChildren();
    this.keep(wire.onSay((text) => text && this.#add(text)));
  }

  #add(text) {
    const line = make("p", {}, text);
    this.append(line);
    while (this.children.length > LINES) this.firstChild.remove();
    setTimeout(() => line.remove(), SHOWN_MS);
  }
}

customElements.define("rx-say", Say);
