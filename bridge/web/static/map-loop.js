/** Where the loop of a deck is. How long it is can be read; where it begins is seen from where the song comes round. */

const GRACE_BEATS = 0.02;
const NEAR_BEATS = 0.35; // two readings of a beat are this far apart at most
const GIVEN_UP_MS = 10_000;

export class Loop {
  #bars = 0;
  #start = null;
  #last = 0;
  #asked = null;

  /** What is there to draw: {start, bars, pending}, in bars from 0; null where nothing is known. */
  shown(beatsPerBar) {
    if (this.#asked) return { start: this.#asked.start / beatsPerBar, bars: this.#asked.bars, pending: true };
    if (!this.#bars || this.#start === null) return null;
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

  /** Take the meters of the deck; true if what is shown changed. */
  see(bars, beat, beatsPerBar) {
    const before = JSON.stringify(this.shown(beatsPerBar));
    const first = Math.floor(beat + GRACE_BEATS);
    if (bars !== this.#bars) this.#start = this.#bars === 0 && bars > 0 ? first : this.#start;
    const back = this.#last - beat;
    if (bars > 0 && Math.abs(back - bars * beatsPerBar) < NEAR_BEATS) this.#start = first;
    const asked = this.#asked;
    if (asked && bars === asked.bars && beat - asked.start > -GRACE_BEATS && beat - asked.start < 1) {
      this.#start = asked.start;
      this.#asked = null;
    } else if (asked && performance.now() > asked.until) this.#asked = null;
    [this.#bars, this.#last] = [bars, beat];
    return JSON.stringify(this.shown(beatsPerBar)) !== before;
  }

  /** Another song: nothing is known. */
  forget() {
    [this.#bars, this.#start, this.#asked] = [0, null, null];
  }
}
