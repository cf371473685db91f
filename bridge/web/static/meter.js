/** `<rx-meter of="master | deck.a | deck.a.drums" orientation>`: a peak meter that falls 20 dB a second and holds its peak. */

import { Piece, make } from "./piece.js";
import { meterShare } from "./scale.js";
import { wire } from "./wire.js";

const FALL = 20; // dB a second
const HOLD_MS = 1500;
const SILENCE = -200;

/** The name of the number that a meter shows: sources have a row in the order that their deck tells. */
export function meterName(of) {
  const [deck, name, source] = of.split(".");
  if (source === undefined) return `${of}.peak_dbfs`;
  const row = wire.decks[name]?.sources?.indexOf(source) ?? -1;
  return row < 0 ? "" : `${deck}.${name}.source.${row}`;
}

class Meter extends Piece {
  static observedAttributes = ["of", "orientation"];
  #name = "";
  #cover = null;
  #peak = null;
  #level = SILENCE;
  #held = SILENCE;
  #since = 0;
  #last = 0;

  build() {
    this.setAttribute("aria-hidden", "true");
    this.#cover = make("i", { class: "rx-cover" });
    this.#peak = make("i", { class: "rx-peak" });
    this.replaceChildren(this.#cover, this.#peak);
    this.#level = this.#held = SILENCE;
    this.#draw();
    this.keep(
      wire.onDecks(() => (this.#name = meterName(this.word("of")))),
      wire.onMeters(() => this.#read()),
    );
  }

  #read() {
    const heard = wire.meter(this.#name);
    const level = Number.isNaN(heard) ? SILENCE : heard;
    const now = performance.now();
    const fallen = (FALL * (now - this.#last)) / 1000;
    this.#last = now;
    if (level <= SILENCE && this.#held <= -60) return;
    this.#level = Math.max(level, this.#level - fallen);
    if (this.#level >= this.#held) [this.#held, this.#since] = [this.#level, now];
    else if (now - this.#since > HOLD_MS) this.#held = Math.max(this.#held - fallen, this.#level);
    this.#draw();
  }

  /** Only transforms: nothing is laid out or painted anew. */
  #draw() {
    const upright = this.word("orientation") === "vertical";
    const [level, held] = [meterShare(this.#level), meterShare(this.#held)];
    this.#cover.style.transform = upright ? `scaleY(${1 - level})` : `scaleX(${1 - level})`;
    this.#peak.style.transform = upright ? `translateY(${100 * (1 - held)}%)` : `translateX(${-100 * (1 - held)}%)`;
    this.#peak.style.opacity = held > 0 ? 1 : 0;
  }
}

customElements.define("rx-meter", Meter);
