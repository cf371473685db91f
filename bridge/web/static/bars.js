/** Bars of the clock and of decks. */

import { wire } from "./wire.js";

const DECKS = ["a", "b", "c", "d"];

/** Beats in a bar of a deck, or of the clock (null), which has those of the deck that leads it. */
export function beatsPerBar(deck) {
  const leader = deck ?? DECKS[wire.value("master.clock") - 1];
  return wire.decks[leader]?.beats_per_bar ?? 4;
}

/** Bar and beat as people count them, from 1, and how far the beat has gone in [0, 1). */
export function place(deck) {
  const [beat, unit] = [wire.beat(deck), beatsPerBar(deck)];
  const whole = Math.floor(beat);
  return { bar: Math.floor(whole / unit) + 1, beat: (((whole % unit) + unit) % unit) + 1, part: beat - whole };
}

/** Milliseconds until the clock's next bar: when a change for "bar" takes effect. */
export function msToBar() {
  const unit = beatsPerBar(null);
  const gone = ((wire.beat(null) % unit) + unit) % unit;
  return ((unit - gone) * 60000) / (wire.meter("master.bpm") || 120);
}

/** The sources of the decomposition that a deck plays, as {id, name, color, ...}. */
export function sourcesOf(deck) {
  const on = wire.decks[deck];
  return on?.layers?.[on.parts[wire.value(`deck.${deck}.parts`)] ?? on.parts[0]] ?? [];
}
