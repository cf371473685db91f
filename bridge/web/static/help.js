/** `<rx-help>`: the list of keys, over the page; `?` opens it, Escape closes it. */

import { KEYS, shown } from "./keys.js";
import { Piece, make } from "./piece.js";

class Help extends Piece {
  #dialog = null;
  #columns = null;

  build() {
    const close = make("button", { type: "button" }, "Close");
    const head = make("header", {}, make("h2", { id: "rx-help-title" }, "Keys"), close);
    this.#columns = make("div", { class: "rx-columns" });
    this.#dialog = make("dialog", { "aria-labelledby": "rx-help-title" }, head, this.#columns);
    this.replaceChildren(this.#dialog);
    this.listen(close, "click", () => this.#dialog.close());
    this.listen(this.#dialog, "click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.listen(document, "rx-help", () => this.open());
  }

  open() {
    if (this.#dialog.open) return;
    this.#columns.replaceChildren(...groups());
    this.#dialog.showModal();
  }
}

function groups() {
  return [...new Set(KEYS.map(({ group }) => group))].map((group) => {
    const rows = KEYS.filter((entry) => entry.group === group).map((entry) =>
      make("div", {}, make("dt", {}, make("kbd", {}, shown(entry))), make("dd", {}, entry.text)),
    );
    return make("section", {}, make("h3", {}, group), make("dl", {}, ...rows));
  });
}

customElements.define("rx-help", Help);
