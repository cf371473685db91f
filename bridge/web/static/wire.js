/** The wire: what took effect comes in, what people want goes out. One WebSocket for the whole page.
 *
 * `value` is what took effect. `wanted` is what was sent and has not come back yet, or else the same as `value`; it is given up
 * after a while, so that nothing shows for long what never happened.
 */

import { map, unmap } from "./scale.js";

const GAP_MS = 8; // between two messages of the same kind
const GIVEN_UP_MS = 700; // for what is wanted now
const RETRY_MS = [500, 1000, 2000, 4000];
// These do something each time: of two in a row none may be left out.
const ACTIONS = new Set(["cell", "jump", "seek", "loop", "clip", "cue", "beat"]);
const WORDS = { beat: 1, bar: 4 };

const last = (path) => path.slice(path.lastIndexOf(".") + 1);

/** The pattern in the table that a path is a case of. */
function patternOf(path) {
  const words = path.split(".");
  if (words[0] === "deck" && words.length === 3) words[1] = "{deck}";
  if (words[0] === "deck" && words.length === 4) [words[1], words[2]] = ["{deck}", "{source}"];
  return words.join(".");
}

/** Listeners by a key; `add` gives back what takes the listener off. */
class Listeners {
  #of = new Map();

  add(key, fn) {
    if (!this.#of.has(key)) this.#of.set(key, new Set());
    this.#of.get(key).add(fn);
    return () => this.#of.get(key)?.delete(fn);
  }

  call(key, ...args) {
    for (const fn of [...(this.#of.get(key) ?? [])]) fn(...args);
  }
}

class Wire {
  decks = { a: null, b: null, c: null, d: null };
  learning = false;
  waiting = "";
  connected = false;
  fields = [];
  rate = 48000;
  #params = {};
  #values = new Map();
  #wanted = new Map();
  #places = new Map();
  #meters = new Float32Array(0);
  #arrived = 0;
  #ahead = null;
  #paths = new Listeners();
  #wants = new Listeners();
  #news = new Listeners();
  #queue = [];
  #timer = 0;
  #tries = 0;
  #socket = null;

  constructor() {
    document.addEventListener("visibilitychange", () => this.send({ hidden: document.hidden }));
    this.#open();
  }

  value(path) {
    return this.#values.get(path) ?? this.param(path)?.default ?? 0;
  }

  wanted(path) {
    return this.#wanted.get(path)?.value ?? this.value(path);
  }

  /** Whether a change of the path waits for its beat or bar. */
  pending(path) {
    return (this.#wanted.get(path)?.at ?? "now") !== "now";
  }

  /** The parameter of a path; null if there is none, or before the first connection. */
  param(path) {
    return this.#params[patternOf(path)] ?? null;
  }

  map = map;
  unmap = unmap;

  /** Set a value now, on the next "beat" or "bar"; of one path no more than the last within some ms is sent. */
  set(path, value, at = "now") {
    if (!this.connected) return;
    this.#want(path, value, at);
    const like = ACTIONS.has(last(path)) ? -1 : this.#queue.findIndex((one) => one.path === path && one.at === at);
    if (like >= 0) this.#queue[like].value = value;
    else this.#queue.push({ path, value, at });
    if (!this.#timer) this.#flush();
  }

  do(line) {
    this.send({ do: line });
  }

  /** Send a message of the contract, after what was set before it; nothing while there is no connection. */
  send(message) {
    this.#flushQueue();
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Call `fn(value)` at once and whenever the path takes effect. Returns what ends it, as all that begin with `on`. */
  on(path, fn) {
    fn(this.value(path));
    return this.#paths.add(path, fn);
  }

  /** Call `fn()` when what is wanted of the path changes: sent, or given up. */
  onWanted(path, fn) {
    return this.#wants.add(path, fn);
  }

  onDecks(fn) {
    fn(this.decks);
    return this.#news.add("decks", fn);
  }

  onMeters(fn) {
    return this.#news.add("meters", fn);
  }

  onState(fn) {
    fn(this.connected);
    return this.#news.add("state", fn);
  }

  /** Say something to people, on this page only. */
  say(text) {
    this.#news.call("say", text);
  }

  onSay(fn) {
    return this.#news.add("say", fn);
  }

  /** Call `fn(path, learning)`: the path that waits for a control, and whether a touch means "learn this". */
  onLearning(fn) {
    fn(this.waiting, this.learning);
    return this.#news.add("learning", fn);
  }

  startLearning(on = true) {
    this.learning = on;
    if (!on) this.send({ learn: "" });
    this.#news.call("learning", this.waiting, on);
  }

  learn(path) {
    this.send({ learn: path });
  }

  index(name) {
    return this.#places.get(name) ?? -1;
  }

  /** The last number of a meter; NaN before the first. */
  meter(name) {
    return this.#meters[this.index(name)] ?? NaN;
  }

  /** The beat of a deck, or of the clock (null), now: the last one known, carried on by its tempo. */
  beat(deck) {
    const at = deck ? `deck.${deck}` : "master";
    const beat = this.meter(`${at}.beat`);
    const runs = !deck || this.meter(`${at}.running`) > 0;
    const age = this.#arrived ? (performance.now() - this.#arrived) / 1000 : 0;
    return (beat || 0) + (runs ? Math.min(Math.max(age, 0), 0.5) * (this.meter(`${at}.bpm`) / 60 || 0) : 0);
  }

  #want(path, value, at) {
    clearTimeout(this.#wanted.get(path)?.timer);
    const beats = WORDS[at];
    const wait = beats ? (2 * beats * 60000) / Math.max(this.meter("master.bpm") || 120, 20) + 1000 : GIVEN_UP_MS;
    const timer = setTimeout(() => this.#giveUp(path), wait);
    this.#wanted.set(path, { value, at, timer });
    this.#wants.call(path);
  }

  #giveUp(path) {
    clearTimeout(this.#wanted.get(path)?.timer);
    if (this.#wanted.delete(path)) this.#wants.call(path);
  }

  #flush() {
    this.#timer = this.#flushQueue() ? setTimeout(() => this.#flush(), GAP_MS) : 0;
  }

  #flushQueue() {
    if (!this.#queue.length) return false;
    const queue = this.#queue;
    this.#queue = [];
    // One message for neighbours with the same time: their order is kept.
    for (let i = 0; i < queue.length; ) {
      const { at } = queue[i];
      const set = [];
      for (; i < queue.length && queue[i].at === at; i += 1) set.push([queue[i].path, queue[i].value]);
      if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ set, at }));
    }
    return true;
  }

  #open() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/wire`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => (typeof data === "string" ? this.#hear(JSON.parse(data)) : this.#read(data));
    socket.onclose = () => this.#closed();
    this.#socket = socket;
  }

  #closed() {
    this.#queue = [];
    for (const path of [...this.#wanted.keys()]) this.#giveUp(path);
    this.#setState(false);
    const wait = RETRY_MS[Math.min(this.#tries, RETRY_MS.length - 1)];
    this.#tries += 1;
    setTimeout(() => this.#open(), wait);
  }

  #setState(connected) {
    this.connected = connected;
    document.documentElement.toggleAttribute("data-offline", !connected);
    this.#news.call("state", connected);
  }

  #hear(message) {
    if (message.hello) this.#greet(message.hello);
    if (message.values) this.#take(message.values, message.all);
    if (message.decks) {
      this.decks = message.decks;
      this.#news.call("decks", this.decks);
    }
    if (message.say !== undefined) this.say(message.say);
    if (message.learning !== undefined) {
      this.waiting = message.learning;
      this.#news.call("learning", this.waiting, this.learning);
    }
  }

  #greet({ params, fields, rate }) {
    this.#params = params;
    this.fields = fields;
    this.rate = rate ?? this.rate;
    this.#places = new Map(fields.map((name, place) => [name, place]));
    this.#tries = 0;
    this.#ahead = null;
    this.#setState(true);
    if (document.hidden) this.send({ hidden: true });
  }

  #take(values, all) {
    const gone = all ? [...this.#values.keys()].filter((path) => !(path in values)) : [];
    for (const path of gone) this.#values.delete(path);
    for (const [path, value] of Object.entries(values)) {
      this.#values.set(path, value);
      const wanted = this.#wanted.get(path);
      // An older echo may still come after a newer wish; of what waits for a bar, the echo is the bar.
      if (wanted && (wanted.at !== "now" || Math.abs(wanted.value - value) < 1e-6)) this.#giveUp(path);
    }
    for (const path of [...gone, ...Object.keys(values)]) this.#paths.call(path, this.value(path));
  }

  #read(data) {
    this.#meters = new Float32Array(data);
    const now = performance.now();
    const heard = (1000 * (this.meter("master.frame") || 0)) / this.rate;
    // Messages come unevenly, frames do not: follow the way between the two clocks slowly, unless it has jumped.
    const ahead = now - heard;
    const jumped = this.#ahead === null || Math.abs(ahead - this.#ahead) > 150;
    this.#ahead = jumped ? ahead : this.#ahead + 0.1 * (ahead - this.#ahead);
    this.#arrived = Math.min(heard + this.#ahead, now);
    this.#news.call("meters", this.#meters);
  }
}

export const wire = new Wire();
