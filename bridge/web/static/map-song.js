/** A song as its map shows it: bars, sections, and the lanes of each of its decompositions.
 *
 * Bars count from 0 here, the first one of people; a lead-in has negative ones.
 */

const GIVEN_UP_MS = 1000; // for a cell that was switched and of which nobody heard since

/** What a cell is. `HAND` is added where it differs from the song by somebody's hand. */
export const OFF = 0;
export const ON = 1;
export const HAND = 2;

export class Song {
  /** `told` is the answer of /api/decks/{deck}/map. */
  constructor(told) {
    this.title = told.title;
    this.whole = told.whole;
    this.first = told.first;
    this.bars = told.bars;
    this.end = told.first + told.bars;
    this.columns = told.columns;
    this.beatsPerBar = told.beats_per_bar;
    this.sections = told.sections;
    this.parts = new Map(told.parts.map((part) => [part.name, part.sources.map(laneOf)]));
  }

  /** The lanes of a decomposition; of the first one where there is none of that name. */
  lanes(part) {
    return this.parts.get(part) ?? this.parts.values().next().value ?? [];
  }

  /** How loud a source is in a bar: 1 is its own level, 0 where the song does not have it; null where no layout says it. */
  level(lane, bar) {
    return lane.layout?.[bar] ?? null;
  }

  /** The highest peak of a lane in a bar; 255 is the loudest of the song. */
  peak(lane, bar) {
    const start = (bar - this.first) * this.columns;
    return lane.wave.subarray(start, start + this.columns).reduce((most, one) => Math.max(most, one), 0);
  }

  /** The last section that begins at a bar or before it. */
  section(bar) {
    return this.sections.findLast((one) => one.bar <= bar) ?? null;
  }
}

function laneOf(source) {
  return { ...source, wave: Uint8Array.from(atob(source.wave), (letter) => letter.charCodeAt(0)) };
}

/** The cells that somebody switched: as they took effect, and as they were asked for a moment ago. */
export class Cells {
  #told = {};
  #wished = new Map();

  constructor(changed) {
    this.changed = changed;
  }

  /** Take what is so: {source: {bar from 1: on}}. */
  tell(cells) {
    this.#told = structuredClone(cells ?? {});
    for (const [key, { id, bar, on }] of this.#wished) if (this.#told[id]?.[bar] === on) this.#forget(key);
  }

  /** Take one cell, as its parameter says it: bar n from 1 on is +n, off -n; 0 puts all bars of the source back. */
  echo(id, value) {
    const bar = Math.abs(value);
    if (value === 0) delete this.#told[id];
    else (this.#told[id] ??= {})[bar] = value > 0;
    this.#forget(`${id} ${bar}`);
  }

  /** Show a cell as it was asked for, until it is so, or was not for long. */
  wish(id, bar, on) {
    const key = `${id} ${bar}`;
    this.#forget(key);
    const timer = setTimeout(() => this.#wished.delete(key) && this.changed(), GIVEN_UP_MS);
    this.#wished.set(key, { id, bar, on, timer });
  }

  #forget(key) {
    clearTimeout(this.#wished.get(key)?.timer);
    this.#wished.delete(key);
  }

  /** Whether any source of these has a cell that is not as in the song. */
  edited(lanes) {
    return lanes.some((lane) => Object.keys(this.#told[lane.id] ?? {}).length > 0);
  }

  /** What a cell is, by what the song has there. Bars from 0. */
  state(song, lane, bar) {
    const own = song.level(lane, bar) !== 0;
    const hand = this.#hand(lane.id, bar + 1);
    return hand === undefined || hand === own ? Number(own) : Number(hand) + HAND;
  }

  #hand(id, bar) {
    return this.#wished.size && this.#wished.has(`${id} ${bar}`) ? this.#wished.get(`${id} ${bar}`).on : this.#told[id]?.[bar];
  }
}

/** What people read and hear of a cell: "Kick, bar 5, on". */
export function words(song, cells, lane, bar) {
  const state = cells.state(song, lane, bar);
  const hand = state & HAND ? ", by hand" : "";
  return `${lane.name}, ${barName(bar)}, ${state & ON ? "on" : "off"}${hand}`;
}

export function barName(bar) {
  return bar < 0 ? "lead-in" : `bar ${bar + 1}`;
}

/** How loud a cell is, in words; "" where there is nothing. */
export function loudness(song, lane, bar) {
  const level = song.level(lane, bar);
  if (level === 0) return "not in the song here";
  if (level !== null) {
    const db = 20 * Math.log10(level);
    return Math.abs(db) < 0.5 ? "at its own level" : `${signed(db)} dB of its own level`;
  }
  const peak = song.peak(lane, bar);
  return peak ? `peak ${signed(20 * Math.log10(peak / 255))} dB of the loudest` : "silent here";
}

function signed(db) {
  const whole = Math.round(db);
  return whole < 0 ? `−${-whole}` : whole > 0 ? `+${whole}` : "0";
}
