/** Where the loop of a deck is, or shall be. */

const NEAR_BEATS = 0.01;
const GIVEN_UP_MS = 10_000;

export class Loop {
  #bars = 0;
  #start = 0;
  #asked = null;

  /** What is there to draw: {start, bars, pending}, in bars from 0; null where nothing is known. */
  shown(beatsPerBar) {
    if (this.#asked) return { start: this.#asked.start / beatsPerBar, bars: this.#asked.bars, pending: true };
    if (!this.#bars) return null;
    return { start: this.#start / beatsPerBar, bars: this.#bars, pending: false };
  }

  /** Whether a bar is in the loop that is on. */
  holds(bar, beatsPerBar) {
    const loop = this.shown(beatsPerBar);
    return loop !== null && !loop.pending && bar >= Math.floor(loop.start) && bar < loop.start + loop.bars;
  }

  get on() {
    return this.#bars > 0;
  }

  /** Remember what was asked for: bars from a beat on. */
  ask(start, bars) {
    this.#asked = { start, bars, until: performance.now() + GIVEN_UP_MS };
  }

  /** Take the meters of the deck: how many bars repeat, and from which beat on; true if what is shown changed. */
  see(bars, start, beatsPerBar) {
    const before = JSON.stringify(this.shown(beatsPerBar));
    const asked = this.#asked;
    const there = asked && bars === asked.bars && Math.abs(start - asked.start) < NEAR_BEATS;
    if (there || (asked && performance.now() > asked.until)) this.#asked = null;
    [this.#bars, this.#start] = [bars, start];
    return JSON.stringify(this.shown(beatsPerBar)) !== before;
  }

  /** Another song: nothing is known. */
  forget() {
    [this.#bars, this.#start, this.#asked] = [0, 0, null];
  }
}
