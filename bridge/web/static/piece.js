/** What all elements share: they are built when they enter the page, and leave nothing behind when they go.
 *
 * Attributes are never mirrored as properties: the page's framework would set the property and leave the attribute out.
 */

export class Piece extends HTMLElement {
  #offs = [];
  #events = null;

  connectedCallback() {
    this.#events = new AbortController();
    this.build();
  }

  disconnectedCallback() {
    this.#events?.abort();
    this.#events = null;
    for (const off of this.#offs.splice(0)) off();
  }

  /** An attribute in `observedAttributes` changed: build anew. */
  attributeChangedCallback(_name, before, after) {
    if (this.#events === null || before === after) return;
    this.disconnectedCallback();
    this.connectedCallback();
  }

  /** Make the inside and listen; runs again after each change of place or attribute. */
  build() {}

  /** Have `off` called when the element goes. */
  keep(...offs) {
    this.#offs.push(...offs);
  }

  listen(target, type, fn, options = {}) {
    target.addEventListener(type, fn, { ...options, signal: this.#events.signal });
  }

  word(name, fallback = "") {
    return this.getAttribute(name) ?? fallback;
  }

  number(name, fallback) {
    const text = this.getAttribute(name);
    return text === null || text === "" || Number.isNaN(Number(text)) ? fallback : Number(text);
  }
}

/** Make an element: `make("span", {class: "rx-text"}, "0 dB")`. */
export function make(tag, attributes = {}, ...children) {
  const space = SVG.has(tag) ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml";
  const element = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const SVG = new Set(["svg", "path", "line", "circle", "rect"]);

/** Write a text only when it changed: meters speak 25 times a second. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Give the focus back after a click with mouse or finger, so that keys go on playing; what had it before keeps it. */
export function lendFocus(piece, button) {
  let before = null;
  piece.listen(button, "pointerdown", () => (before = document.activeElement));
  piece.listen(button, "click", (event) => {
    if (event.detail > 0 && before !== button) button.blur();
  });
}
