/** `<rx-master>`: what leaves the house: level, true peak, loudness, limiter, late blocks, and whether all is connected. */

import { Piece, make, write } from "./piece.js";
import { signed } from "./scale.js";
import { wire } from "./wire.js";

const SILENCE = -200;
const WARNS_MS = 10000; // how long a late block stays amber
const RELEASE_MS = 400;
const READ_MS = 100; // between two texts: faster nobody reads

class Master extends Piece {
  #cells = {};
  #truest = SILENCE;
  #late = NaN;
  #warned = 0;
  #limited = 0;
  #reduction = 0;
  #shown = -Infinity;

  build() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", this.word("label", "Master"));
    this.#truest = SILENCE;
    this.#late = NaN;
    const meter = make("div", { class: "rx-scale" }, make("rx-meter", { of: "master" }));
    const others = [["lufs", "LUFS"], ["limiter", "limiter"], ["late", "late"]].map(([name, label]) => this.#cell(name, label));
    this.replaceChildren(meter, this.#peak(), ...others);
    this.#cells.state = make("span", { class: "rx-state", role: "status" });
    this.append(this.#cells.state);
    this.#explain();
    this.keep(wire.onMeters(() => this.#read()), wire.onState(() => this.#state()));
  }

  #cell(name, label, tag = "span") {
    this.#cells[name] = make("b", {}, "\u2013");
    return make(tag, { class: "rx-cell", "data-cell": name }, this.#cells[name], make("small", {}, label));
  }

  #peak() {
    const button = this.#cell("peak", "dBTP", "button");
    button.type = "button";
    this.listen(button, "click", () => {
      this.#truest = SILENCE;
      this.#show("peak", "\u2013");
    });
    return button;
  }

  #explain() {
    const texts = {
      peak: "Highest true peak so far; click to begin anew",
      lufs: "Loudness of the last 400 ms",
      limiter: "How much the limiter takes off, in dB",
      late: "Blocks that came too late to be heard",
    };
    for (const [name, text] of Object.entries(texts)) this.#cells[name].parentElement.title = text;
  }

  #show(name, text, warns = false) {
    write(this.#cells[name], text);
    this.#cells[name].parentElement.toggleAttribute("data-warns", warns);
  }

  #read() {
    const now = performance.now();
    this.#truest = Math.max(this.#truest, wire.meter("master.true_peak_dbtp") || SILENCE);
    this.#limit(Math.abs(wire.meter("master.limiting_db") || 0), now);
    this.#count(wire.meter("session.late"), now);
    if (now - this.#shown < READ_MS) return;
    this.#shown = now;
    this.#show("peak", this.#truest > -100 ? signed(this.#truest) : "\u2013", this.#truest > 0);
    const loudness = wire.meter("master.momentary_lufs");
    this.#show("lufs", loudness > -70 ? signed(loudness) : "\u2013");
    this.#state();
  }

  /** The limiter's light goes out slowly enough to be seen. */
  #limit(reduction, now) {
    if (reduction > 0.05) [this.#limited, this.#reduction] = [now, reduction];
    const on = this.#limited > 0 && now - this.#limited < RELEASE_MS;
    this.#show("limiter", on ? signed(-this.#reduction) : "off", on);
  }

  #count(late, now) {
    if (Number.isNaN(late)) return;
    if (late > this.#late) this.#warned = now;
    this.#late = late;
    this.#show("late", String(late), this.#warned > 0 && now - this.#warned < WARNS_MS);
  }

  #state() {
    const gone = wire.meter("session.standing") > 0;
    const lost = wire.meter("session.lost") > 0;
    const text = !wire.connected ? "not connected" : gone ? "no sound output" : lost ? "take incomplete" : "connected";
    if (this.#cells.state.title !== text) this.#cells.state.title = this.#cells.state.textContent = text;
    this.#cells.state.toggleAttribute("data-warns", text !== "connected");
  }
}

customElements.define("rx-master", Master);
