/** `<rx-pick name label choices value>`: one of a list, `choices` in JSON as [[value, text], ...]; fires `pick` with the value.
 *
 * It is the browser's own list, which fingers, keys and screen readers know.
 */

import { Piece, make } from "./piece.js";

class Pick extends Piece {
  static observedAttributes = ["choices", "value", "label"];
  #select = null;

  get picked() {
    return this.#select?.value ?? this.word("value");
  }

  build() {
    const options = JSON.parse(this.word("choices", "[]")).map(([value, text]) => make("option", { value }, text));
    this.#select = make("select", {}, ...options);
    this.#select.value = this.word("value");
    this.replaceChildren(make("label", {}, make("span", { class: "rx-label" }, this.word("label")), this.#select));
    this.listen(this.#select, "change", () => this.dispatchEvent(new CustomEvent("pick", { detail: this.picked })));
  }
}

customElements.define("rx-pick", Pick);
