/** What comes in bursts by another clock, played evenly by this one.
 *
 * The stream waits in a ring until so much is there as the network may hold back. The two clocks differ by some parts in a
 * million: the buffer would run dry, or full. So where its filling is off, playback is faster or slower by at most 0.2 %, by
 * a windowed sinc; where it is not, every sample comes out as it came in.
 */

const TARGET = { first: 0.15, step: 0.05, most: 0.5 }; // seconds that wait; more after each gap
const TOO_FULL = 0.4; // seconds over the target, after which it is skipped on
const RING_SECONDS = 3;
const FADE_SECONDS = 0.005;
const SMOOTH_SECONDS = 6; // over which the filling is averaged: it comes in bursts
const GAIN = 0.06; // correction for each second that the filling is off
const MOST = 0.002;
const [BEGIN, END] = [0.004, 0.0005]; // seconds off, at which a correction begins and ends
const LAND = 1e-4; // with which it ends on a whole sample
const HALF = 16; // samples of the sinc on either side
const PHASES = 512;

const TABLE = sincs();

export class Playout {
  gaps = 0;
  target;
  correction = 0;
  #rings;
  #mask;
  #written = 0;
  #read = 0;
  #part = 0; // of a sample, that the reading is further on
  #playing = false;
  #level = 0;
  #smooth = 0;
  #correcting = false;
  #next = null; // the number of the frame that comes next
  #weights = new Float64Array(2 * HALF);

  constructor(rate, channels = 2) {
    const size = 2 ** Math.ceil(Math.log2(RING_SECONDS * rate));
    this.rate = rate;
    this.#mask = size - 1;
    this.#rings = Array.from({ length: channels }, () => new Float32Array(size));
    this.target = TARGET.first * rate;
  }

  /** Frames that wait. */
  get waiting() {
    return this.#written - this.#read - this.#part;
  }

  /** Whether the stream is heard; else it waits until enough is there. */
  get plays() {
    return this.#playing;
  }

  /** The number of the frame that is played next; null before the first came. */
  get frame() {
    return this.#next === null ? null : this.#next - this.waiting;
  }

  /** Take interleaved samples, the first of which is of a frame with a number. */
  put(frame, samples) {
    const channels = this.#rings.length;
    const count = samples.length / channels;
    const broken = this.#next !== null && frame !== this.#next;
    if (this.waiting + count > this.#mask - 4 * HALF) this.#read = this.#written; // nobody pulls: a sleeping page
    if (broken) this.#fadeOut();
    for (let i = 0; i < count; i += 1) {
      const level = broken ? Math.min((i + 0.5) / (FADE_SECONDS * this.rate), 1) : 1;
      const at = (this.#written + i) & this.#mask;
      for (let c = 0; c < channels; c += 1) this.#rings[c][at] = samples[i * channels + c] * level;
    }
    this.gaps += Number(broken);
    this.#written += count;
    this.#next = frame + count;
  }

  /** Fade what was written last: what comes now does not go on from it. */
  #fadeOut() {
    const count = Math.min(Math.round(FADE_SECONDS * this.rate), Math.max(Math.floor(this.waiting) - HALF, 0));
    for (const ring of this.#rings)
      for (let i = 0; i < count; i += 1) ring[(this.#written - 1 - i) & this.#mask] *= (i + 0.5) / count;
  }

  /** Write the next frames to `outputs`, an array for each channel. */
  pull(outputs) {
    const count = outputs[0].length;
    if (!this.#playing && this.waiting < this.target + HALF) return outputs.forEach((output) => output.fill(0));
    if (!this.#playing) [this.#playing, this.#smooth] = [true, this.target];
    const there = Math.floor(this.waiting / (1 + MOST)) - HALF - 1;
    this.#steer(count);
    this.#play(outputs, Math.max(Math.min(count, there), 0));
    if (there < count) this.#runDry(outputs, Math.max(there, 0));
    else if (this.waiting > this.target + TOO_FULL * this.rate) this.#skip(outputs);
  }

  #steer(count) {
    this.#smooth += Math.min(count / (SMOOTH_SECONDS * this.rate), 1) * (this.waiting - this.#smooth);
    const off = (this.#smooth - this.target) / this.rate;
    this.#correcting = Math.abs(off) > (this.#correcting ? END : BEGIN);
    if (this.#correcting) this.correction = Math.min(Math.max(off * GAIN, -MOST), MOST);
    else this.correction = this.#part ? LAND : 0;
  }

  #play(outputs, count) {
    const fade = 1 / (FADE_SECONDS * this.rate);
    for (let i = 0; i < count; i += 1) {
      this.#level = Math.min(this.#level + fade, 1);
      const between = this.#part !== 0;
      if (between) weigh(this.#weights, this.#part);
      for (let c = 0; c < outputs.length; c += 1) {
        const ring = this.#rings[Math.min(c, this.#rings.length - 1)];
        const value = between ? sum(this.#weights, ring, this.#read - HALF + 1, this.#mask) : ring[this.#read & this.#mask];
        outputs[c][i] = this.#level * value;
      }
      this.#step();
    }
  }

  #step() {
    this.#part += this.correction;
    this.#read += 1;
    if (this.#part >= 0 && this.#part < 1) return;
    const whole = Math.floor(this.#part);
    this.#read += whole;
    this.#part -= whole;
    if (!this.#correcting) [this.#part, this.correction] = [0, 0];
  }

  /** There is nothing more: fade within what there was, and let more wait from now on. */
  #runDry(outputs, count) {
    for (const output of outputs) {
      for (let i = 0; i < count; i += 1) output[i] *= 1 - (i + 0.5) / count;
      output.fill(0, count);
    }
    this.#rest();
    this.target = Math.min(this.target + TARGET.step * this.rate, TARGET.most * this.rate);
  }

  /** Too much waits: go on where the target is. */
  #skip(outputs) {
    for (const output of outputs) output.forEach((value, i) => (output[i] = value * (1 - (i + 0.5) / output.length)));
    this.#rest();
    this.#read = Math.floor(this.#written - this.target) - HALF;
  }

  #rest() {
    [this.#playing, this.#level, this.#part, this.#correcting] = [false, 0, 0, false];
    this.correction = 0;
    this.gaps += 1;
  }
}

/** The weights of the samples around a place `part` of a sample on. */
function weigh(weights, part) {
  const place = part * PHASES;
  const row = Math.floor(place);
  const [at, share] = [row * 2 * HALF, place - row];
  for (let k = 0; k < 2 * HALF; k += 1) weights[k] = TABLE[at + k] + share * (TABLE[at + 2 * HALF + k] - TABLE[at + k]);
}

/** The weighted sum of the samples of a ring from `first` on. */
function sum(weights, ring, first, mask) {
  let all = 0;
  for (let k = 0; k < 2 * HALF; k += 1) all += weights[k] * ring[(first + k) & mask];
  return all;
}

/** Sincs under a Kaiser window [PHASES + 1 rows of 2 * HALF], each row with the sum 1. */
function sincs() {
  const table = new Float64Array((PHASES + 1) * 2 * HALF);
  for (let row = 0; row <= PHASES; row += 1) {
    const taps = table.subarray(row * 2 * HALF, (row + 1) * 2 * HALF);
    for (let k = 0; k < 2 * HALF; k += 1) taps[k] = sinc(k - HALF + 1 - row / PHASES);
    const sum = taps.reduce((a, b) => a + b);
    taps.forEach((tap, k) => (taps[k] = tap / sum));
  }
  return table;
}

function sinc(x) {
  const window = Math.abs(x) < HALF ? bessel(8.5 * Math.sqrt(1 - (x / HALF) ** 2)) / bessel(8.5) : 0;
  return x === 0 ? window : (window * Math.sin(Math.PI * x)) / (Math.PI * x);
}

/** The modified Bessel function of the first kind, order 0. */
function bessel(x) {
  let [sum, term] = [1, 1];
  for (let k = 1; k < 40; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
