/** What a map does to its deck: jump, loop, switch cells. All of it by the wire. */

import { barName } from "./map-song.js";
import { wire } from "./wire.js";

const EARLIEST_BEAT = -64;
const LONGEST_BARS = 64;

export class Moves {
  #map;

  constructor(map) {
    this.#map = map;
  }

  get #runs() {
    return wire.meter(`${this.#deck}.running`) > 0;
  }

  get #deck() {
    return `deck.${this.#map.deck}`;
  }

  /** Bars that a loop may have. */
  get longest() {
    return wire.param(`${this.#deck}.loop`)?.high ?? LONGEST_BARS;
  }

  /** Play from a bar on, from the next beat on if the deck runs. */
  jump(bar) {
    wire.set(`${this.#deck}.seek`, this.#beat(bar), this.#runs ? "beat" : "now");
    this.#map.say(this.#runs ? `To ${barName(bar)} on the next beat` : `At ${barName(bar)}`);
  }

  #beat(bar) {
    const lowest = wire.param(`${this.#deck}.seek`)?.low ?? EARLIEST_BEAT;
    return Math.max(bar * this.#map.song.beatsPerBar, lowest);
  }

  /** Repeat some bars. A loop begins where the deck is, so it goes there first; on the bar, so that the music stays in step. */
  loop(start, bars) {
    const at = this.#runs ? "bar" : "now";
    const beat = this.#beat(start);
    this.#map.askLoop(beat, bars);
    // In one message: no bar may come between them.
    wire.send({ set: [[`${this.#deck}.seek`, beat], [`${this.#deck}.loop`, bars]], at });
    this.#map.say(bars === 1 ? `Repeats ${barName(start)}` : `Repeats ${barName(start)} to ${start + bars}`);
  }

  endLoop() {
    wire.set(`${this.#deck}.loop`, 0);
    this.#map.say("The loop ends");
  }

  /** Switch a lane on or off from one bar to another; a lead-in has no cells. */
  cells(lane, from, to, on) {
    const { id } = this.#map.lanes[lane];
    const [first, last] = [Math.max(Math.min(from, to), 0), Math.max(from, to)];
    for (let bar = first; bar <= last; bar += 1) {
      this.#map.cells.wish(id, bar + 1, on);
      wire.set(`${this.#deck}.${id}.cell`, on ? bar + 1 : -bar - 1);
    }
    this.#map.redraw(id);
  }

  /** Have every lane as the song has it. */
  asInTheSong() {
    for (const { id } of this.#map.lanes) wire.set(`${this.#deck}.${id}.cell`, 0);
    this.#map.say("All cells as in the song");
  }
}
