/** `<rx-learn>` turns learn mode on and off; `<rx-help-button>` opens the list of keys. */

import { Piece, lendFocus, make } from "./piece.js";
import { wire } from "./wire.js";

class Learn extends Piece {
  build() {
    const title = "Then click what a control is to move, and move the control";
    const button = make("button", { type: "button", title }, "Learn");
    this.replaceChildren(button);
    this.listen(button, "click", () => wire.startLearning(!wire.learning));
    lendFocus(this, button);
    this.keep(wire.onLearning((_path, learning) => button.setAttribute("aria-pressed", String(learning))));
  }
}

class HelpButton extends Piece {
  build() {
    const button = make("button", { type: "button", "aria-label": "Keys", title: "Keys" }, "?");
    this.replaceChildren(button);
    this.listen(button, "click", () => document.dispatchEvent(new CustomEvent("rx-help")));
  }
}

customElements.define("rx-learn", Learn);
customElements.define("rx-help-button", HelpButton);
