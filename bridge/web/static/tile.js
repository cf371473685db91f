/** `<rx-tile deck source name color confidence crosstalk>`: a source to switch, hear and move to another deck.
 *
 * A click mutes on the next bar, and is sent at once: waiting to see whether a second click follows would miss a bar that is
 * near. A double click takes that back, which the bar has rarely overtaken, and solos now.
 */

import { msToBar, sourcesOf } from "./bars.js";
import { Piece, lendFocus, make } from "./piece.js";
import { signed } from "./scale.js";
import { wire } from "./wire.js";

const DOUBLE_MS = 320;

class Tile extends Piece {
  static observedAttributes = ["deck", "source", "name", "color", "confidence", "crosstalk"];
  #body = null;
  #ring = null;
  #clicked = -Infinity;
  #before = 0;
  #others = [];

  build() {
    const [name, at] = [this.word("name", this.word("source")), this.#path("")];
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", name);
    this.style.setProperty("--tile", this.word("color", "#8a8f98"));
    this.#body = this.#makeBody(name);
    this.#ring = make("svg", { class: "rx-ring", "aria-hidden": "true" }, make("rect", { pathLength: "1", rx: "10" }));
    const fader = { path: `${at}gain`, label: `${name} level`, orientation: "horizontal", compact: "" };
    const hands = make("div", { class: "rx-hands" }, this.#switch("solo", "S", "Solo"), this.#switch("mute", "M", "Mute now"));
    hands.append(this.#switch("clip", "clip", "Loop its best bars"), make("rx-fader", fader));
    this.replaceChildren(this.#body, hands, this.#ring);
    this.#listen();
    this.#watch();
    document.dispatchEvent(new CustomEvent("rx-tiles"));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.dispatchEvent(new CustomEvent("rx-tiles"));
  }

  /** Mute or unmute on the next bar. */
  toggle() {
    this.#select();
    wire.set(this.#path("mute"), wire.wanted(this.#path("mute")) ? 0 : 1, "bar");
  }

  solo() {
    this.#select();
    wire.set(this.#path("solo"), wire.wanted(this.#path("solo")) ? 0 : 1);
  }

  /** Change its level by some dB. */
  louder(db) {
    this.querySelector("rx-fader").put(wire.wanted(this.#path("gain")) + db);
  }

  #path(name) {
    return `deck.${this.word("deck")}.${this.word("source")}.${name}`;
  }

  #makeBody(name) {
    const crosstalk = this.number("crosstalk", null);
    const fit = this.word("confidence");
    const facts = [fit && fit !== "exact" ? `fits ${fit}` : fit, crosstalk === null ? "" : `leaks ${signed(crosstalk, 0)} dB`].filter(Boolean);
    const attributes = { class: "rx-body", type: "button", "data-path": this.#path("mute") };
    const lines = [make("span", { class: "rx-name" }, name), make("small", { class: "rx-facts" }, facts.join(" \u00b7 "))];
    const leaks = crosstalk === null ? "" : ` About ${signed(crosstalk, 0)} dB of it belong to other sources.`;
    const title = `Click: mute on the next bar. Double click: solo. Drag: onto another deck.${leaks}`;
    return make("button", { ...attributes, title }, ...lines, make("rx-meter", { of: this.#path("").slice(0, -1) }));
  }

  #switch(name, text, label) {
    return make("rx-switch", { path: this.#path(name), text, label: `${label}: ${this.word("name", this.word("source"))}` });
  }

  #listen() {
    this.listen(this.#body, "click", (event) => this.#click(event));
    this.listen(this.#body, "keydown", (event) => this.#key(event));
    // Only the body is dragged: on the fader a drag is a level.
    this.listen(this, "pointerdown", (event) => (this.draggable = this.#body.contains(event.target)));
    this.listen(this, "dragstart", (event) => this.#dragged(event));
    lendFocus(this, this.#body);
  }

  #click(event) {
    const again = event.detail > 0 && event.timeStamp - this.#clicked < DOUBLE_MS;
    this.#clicked = again || event.detail === 0 ? -Infinity : event.timeStamp;
    if (!again) {
      this.#before = wire.wanted(this.#path("mute"));
      return this.toggle();
    }
    wire.set(this.#path("mute"), this.#before, wire.pending(this.#path("mute")) ? "bar" : "now");
    return this.solo();
  }

  #key(event) {
    if (event.key !== "s" || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.solo();
  }

  #dragged(event) {
    const dragged = { deck: this.word("deck"), source: this.word("source") };
    event.dataTransfer.setData("application/x-remixture", JSON.stringify(dragged));
    event.dataTransfer.effectAllowed = "copy";
  }

  #select() {
    for (const other of document.querySelectorAll("rx-tile[data-selected]")) other.removeAttribute("data-selected");
    this.setAttribute("data-selected", "");
  }

  #watch() {
    const show = () => this.#show();
    for (const name of ["mute", "solo", "clip"]) this.keep(wire.on(this.#path(name), show));
    this.keep(wire.on(`deck.${this.word("deck")}.song`, show), wire.onWanted(this.#path("mute"), () => this.#wait()));
    this.keep(wire.onDecks(() => this.#watchOthers()), () => this.#forgetOthers());
    this.#wait();
  }

  /** Whether it sounds depends on who else is soloed. */
  #watchOthers() {
    this.#forgetOthers();
    const paths = sourcesOf(this.word("deck")).map(({ id }) => `deck.${this.word("deck")}.${id}.solo`);
    this.#others = paths.map((path) => wire.on(path, () => this.#show()));
  }

  #forgetOthers() {
    for (const off of this.#others.splice(0)) off();
  }

  #show() {
    const is = (name) => wire.value(this.#path(name)) > 0;
    const deck = this.word("deck");
    const soloed = sourcesOf(deck).some(({ id }) => wire.value(`deck.${deck}.${id}.solo`) > 0);
    const sounds = !is("mute") && (is("solo") || !soloed) && (is("clip") || wire.value(`deck.${deck}.song`) > 0);
    this.toggleAttribute("data-silent", !sounds);
    this.toggleAttribute("data-soloed", is("solo"));
    this.#body.setAttribute("aria-pressed", String(!is("mute")));
  }

  /** While a change waits, a ring runs round until the bar. */
  #wait() {
    const waits = wire.pending(this.#path("mute")) && wire.wanted(this.#path("mute")) !== wire.value(this.#path("mute"));
    if (waits && !this.hasAttribute("data-pending")) this.#ring.style.setProperty("--wait", `${msToBar()}ms`);
    this.toggleAttribute("data-pending", waits);
    this.#show();
  }
}

customElements.define("rx-tile", Tile);

const target = (event) => event.target.closest?.("[data-deck]");
const ours = (event) => event.dataTransfer?.types.includes("application/x-remixture");

/** A tile dropped on another deck goes there as a loop, in sync. */
function drop(event) {
  const there = target(event);
  if (!there || !ours(event)) return;
  event.preventDefault();
  there.removeAttribute("data-drop");
  const { deck, source } = JSON.parse(event.dataTransfer.getData("application/x-remixture"));
  const song = wire.decks[deck]?.song;
  if (deck === there.dataset.deck) return;
  if (song === null || song === undefined) wire.say("this song is not in the list: its sources cannot go onto another deck");
  else wire.send({ load: { deck: there.dataset.deck, song, only: source } });
}

document.addEventListener("dragover", (event) => {
  if (!target(event) || !ours(event)) return;
  event.preventDefault();
  target(event).setAttribute("data-drop", "");
});
document.addEventListener("dragleave", (event) => {
  const left = target(event);
  if (left && !left.contains(event.relatedTarget)) left.removeAttribute("data-drop");
});
document.addEventListener("drop", drop);
