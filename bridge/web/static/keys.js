/** The keys of live play: one list, from which keys act and the help is written.
 *
 * Most act on the deck in focus and its tiles. Letters are places on the keyboard (`event.code`), so that a row is a row on
 * every layout; what stands on them is asked of the browser where it tells.
 */

import { beatsPerBar } from "./bars.js";
import { wire } from "./wire.js";

const ROWS = ["QWERTYUIOP", "ASDFGHJKL"].join("");
const LETTERS = new Map([...ROWS].map((letter, place) => [`Key${letter}`, place]));
const CODES = { "[": "BracketLeft", "]": "BracketRight", ",": "Comma", ".": "Period", "/": "Slash" };
const DECKS = ["a", "b", "c", "d"];
const GAIN = { step: 0.5, fine: 0.1 };
let names = null; // code -> what stands on the key

export const focusDeck = () => document.documentElement.dataset.focusDeck ?? "a";

export function setFocusDeck(deck) {
  document.documentElement.dataset.focusDeck = deck;
  label();
}

const path = (name) => `deck.${focusDeck()}.${name}`;
const toggle = (name, at) => wire.set(name, wire.wanted(name) ? 0 : 1, at);
const loop = (bars) => wire.set(path("loop"), bars);
const tiles = () => [...document.querySelectorAll(`rx-tile[deck="${focusDeck()}"]`)].filter((tile) => tile.isConnected);
const selected = () => tiles().find((tile) => tile.hasAttribute("data-selected")) ?? tiles()[0];

function scale(factor) {
  const bars = wire.meter(path("loop_bars"));
  if (bars > 0) loop(Math.min(Math.max(bars * factor, 0.125), 64));
}

function jump(bars) {
  wire.set(path("jump"), bars * beatsPerBar(focusDeck()));
}

/** Have all tiles of the deck sound on the next bar, or with `kept` that one alone. */
function sound(kept = null) {
  for (const tile of tiles()) {
    const place = `deck.${focusDeck()}.${tile.getAttribute("source")}`;
    wire.set(`${place}.mute`, kept && tile !== kept ? 1 : 0, "bar");
    if (wire.wanted(`${place}.solo`)) wire.set(`${place}.solo`, 0, "bar");
  }
}

/** Tell the page, in the browser and in Python. */
function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
  window.emitEvent?.(name, detail);
}

const digits = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => [`Digit${from + i}`, from + i]);

/** Each entry: its group and text for the help, what it shows of its keys, `codes` with what each gives to `run`. */
export const KEYS = [
  {
    group: "Decks", show: "1 \u2013 4", text: "Choose deck A to D; what follows acts on it",
    codes: new Map(digits(1, 4)), run: (n) => setFocusDeck(DECKS[n - 1]),
  },
  { group: "Decks", show: "Space", text: "Play, stop", codes: one("Space"), run: () => toggle(path("play")) },
  {
    group: "Decks", show: "C", text: "Cue: back to the cue point; standing: set it here",
    codes: one("KeyC"), run: () => wire.set(path("cue"), 1),
  },
  { group: "Decks", show: "X", text: "Sync on, off", codes: one("KeyX"), run: () => toggle(path("sync")) },
  { group: "Decks", show: "Z", text: "Stems, loops", codes: one("KeyZ"), run: () => toggle(path("parts")) },
  {
    group: "Decks", show: "Shift Backspace", text: "Stop all decks",
    codes: one("Backspace"), shift: true, run: () => DECKS.forEach((deck) => wire.set(`deck.${deck}.play`, 0)),
  },
  {
    group: "Loop and jump", show: "5 6 7 8", text: "Loop 1, 2, 4, 8 bars",
    codes: new Map([["Digit5", 1], ["Digit6", 2], ["Digit7", 4], ["Digit8", 8]]), run: loop,
  },
  {
    group: "Loop and jump", show: "[ ]", text: "Halve, double the loop",
    codes: new Map([["BracketLeft", 0.5], ["BracketRight", 2]]), run: scale,
  },
  { group: "Loop and jump", show: "0", text: "Loop off", codes: one("Digit0"), run: () => loop(0) },
  {
    group: "Loop and jump", show: "\u2190 \u2192", text: "Jump a bar back, on",
    codes: new Map([["ArrowLeft", -1], ["ArrowRight", 1]]), run: jump,
  },
  {
    group: "Loop and jump", show: "Shift \u2190 \u2192", text: "Jump 4 bars back, on",
    codes: new Map([["ArrowLeft", -4], ["ArrowRight", 4]]), shift: true, run: jump,
  },
  {
    group: "Tiles", show: "Q W E \u2026 A S D \u2026", text: "Mute or unmute a tile on the next bar",
    codes: LETTERS, run: (place) => tiles()[place]?.toggle(),
  },
  {
    group: "Tiles", show: "Shift Q W E \u2026", text: "Solo a tile now",
    codes: LETTERS, shift: true, run: (place) => tiles()[place]?.solo(),
  },
  {
    group: "Tiles", show: "\u2191 \u2193", text: "Level of the tile used last, by 0.5 dB",
    codes: new Map([["ArrowUp", GAIN.step], ["ArrowDown", -GAIN.step]]), run: (db) => selected()?.louder(db),
  },
  {
    group: "Tiles", show: "Shift \u2191 \u2193", text: "The same by 0.1 dB",
    codes: new Map([["ArrowUp", GAIN.fine], ["ArrowDown", -GAIN.fine]]), shift: true, run: (db) => selected()?.louder(db),
  },
  {
    group: "Tiles", show: "B", text: "Only the tile used last, on the next bar",
    codes: one("KeyB"), run: () => sound(selected()),
  },
  {
    group: "Tiles", show: "N", text: "All tiles again, on the next bar",
    codes: one("KeyN"), run: () => sound(),
  },
  {
    group: "Mix", show: ", . /", text: "Crossfader left, middle, right",
    codes: new Map([["Comma", -1], ["Period", 0], ["Slash", 1]]), run: (to) => wire.set("master.crossfader", to),
  },
  {
    group: "Mix", show: "Alt 1 \u2013 9", text: "Scene 1 to 9, on the next bar",
    codes: new Map(digits(1, 9)), alt: true, run: (number) => tell("rx-scene", { number }),
  },
  {
    group: "Mix", show: "V", text: "Record: begin, end",
    codes: one("KeyV"), run: () => toggle("master.record"),
  },
  {
    group: "Mix", show: "M", text: "Learn a MIDI control: then click what it is to move",
    codes: one("KeyM"), run: () => wire.startLearning(!wire.learning),
  },
  { group: "Help", show: "?", text: "This list", key: "?", run: () => tell("rx-help", {}) },
  { group: "On what has the focus", show: "Arrows, Page, Home, End", text: "Fader, knob: by steps, with Shift finely" },
  { group: "On what has the focus", show: "Delete", text: "Fader, knob: back to its default (or double click)" },
  { group: "On what has the focus", show: "K", text: "Equaliser: kill, and back (or right click)" },
  { group: "On what has the focus", show: "Enter, S", text: "Tile: mute on the bar, solo now" },
];

function one(code) {
  return new Map([[code, undefined]]);
}

/** What an entry shows of its keys, as they are called on this keyboard. */
export function shown({ show, codes }) {
  const called = (word) => (codes && names?.get(CODES[word] ?? `Key${word}`)) ?? word;
  return show.split(" ").map((word) => (word.length === 1 ? called(word).toUpperCase() : word)).join(" ");
}

/** What stands on the key of a tile's place; nothing where it has none (-1, or beyond the rows). */
function letter(place) {
  const key = ROWS[place];
  return key ? (names?.get(`Key${key}`) ?? key).toUpperCase() : "";
}

/** Write the letters onto the tiles of the deck in focus. */
function label() {
  const mine = tiles();
  for (const tile of document.querySelectorAll("rx-tile")) tile.dataset.key = letter(mine.indexOf(tile));
}

const TYPING = "input:not([type=range]), textarea, select, [contenteditable=true], dialog[open], .q-dialog";
const typing = (target) => target.closest?.(TYPING);

/** A button that was reached by Tab keeps Space and Enter to itself. */
const BUTTONS = "button, a, [role=button], summary";
const pressed = (event) => ["Space", "Enter"].includes(event.code) && event.target.closest?.(BUTTONS);

/** What is written on a key goes before where it stands: "?" is not everywhere on the same key. */
function entryFor(event) {
  const held = ({ shift = false, alt = false }) => event.shiftKey === shift && event.altKey === alt;
  const written = KEYS.find((entry) => entry.key === event.key);
  return written ?? KEYS.find((entry) => entry.codes?.has(event.code) && held(entry));
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || typing(event.target) || pressed(event)) return;
  const entry = entryFor(event);
  if (!entry) return;
  event.preventDefault();
  if (!event.repeat || entry.codes?.has("ArrowUp")) entry.run(entry.codes?.get(event.code));
});

/** After a click with mouse or finger the keys go on playing, instead of pressing that button again. */
document.addEventListener("click", (event) => {
  const button = event.target.closest?.(BUTTONS);
  if (button && event.detail > 0) button.blur();
});

let labelled = 0;
document.addEventListener("rx-tiles", () => {
  cancelAnimationFrame(labelled);
  labelled = requestAnimationFrame(label);
});

setFocusDeck("a");
navigator.keyboard?.getLayoutMap?.().then(
  (map) => {
    names = map;
    label();
  },
  () => {}, // the browser does not tell: the letters of the table stand
);
