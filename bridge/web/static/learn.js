/** Learn mode: a touch says which parameter is to be learnt, instead of moving it. Escape ends it. */

import { wire } from "./wire.js";

const CONTROLS = "[path], [data-path]";

function touched(event) {
  if (!wire.learning) return null;
  const control = event.target.closest?.(CONTROLS);
  if (!control) return null;
  event.preventDefault();
  event.stopImmediatePropagation();
  return control.getAttribute("path") ?? control.dataset.path;
}

function mark(path, learning) {
  document.documentElement.toggleAttribute("data-learning", learning);
  for (const control of document.querySelectorAll(CONTROLS)) {
    const own = control.getAttribute("path") ?? control.dataset.path;
    control.toggleAttribute("data-waits", learning && path !== "" && own === path);
  }
}

for (const type of ["pointerdown", "pointerup", "dblclick", "wheel", "contextmenu"]) {
  document.addEventListener(type, touched, { capture: true, passive: false });
}

document.addEventListener(
  "click",
  (event) => {
    const path = touched(event);
    if (path) wire.learn(path);
  },
  { capture: true },
);

document.addEventListener(
  "keydown",
  (event) => {
    if (!wire.learning) return;
    if (event.key === "Escape") wire.startLearning(false);
    else if (event.key === "Enter" || event.key === " ") {
      const path = touched(event);
      if (path) wire.learn(path);
    }
  },
  { capture: true },
);

wire.onLearning(mark);
