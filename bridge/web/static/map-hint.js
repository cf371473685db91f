/** What is under the pointer: its frame on the map, and a few words beside it. */

import { barName, loudness, words } from "./map-song.js";
import { write } from "./piece.js";

export class Hint {
  #map;
  #at = null;

  constructor(map) {
    this.#map = map;
  }

  /** Show what is at a place: bar and lane, lane -1 is the ruler; null: nothing. */
  show(at, event) {
    const { song, lanes, over, tip, area, frame } = this.#map;
    this.#at = at;
    const shown = Boolean(at && song && lanes.length);
    over.classList.toggle("on", shown);
    tip.classList.toggle("on", shown && event.pointerType !== "touch");
    area.classList.toggle("over-ruler", shown && at.lane < 0);
    if (!shown) return;
    this.#map.place(over, at.lane, at.bar);
    this.refresh();
    const { left, top, width } = frame.getBoundingClientRect();
    const x = Math.min(event.clientX - left + 14, width - tip.offsetWidth - 4);
    tip.style.transform = `translate(${x}px, ${event.clientY - top + 18}px)`;
  }

  /** Say it anew: it may be another thing now. */
  refresh() {
    const { song, lanes, tip } = this.#map;
    if (this.#at && song && this.#at.lane < lanes.length) write(tip, this.#about(this.#at));
  }

  #about({ lane, bar }) {
    const { song, cells, lanes, region } = this.#map;
    if (lane >= 0) return `${words(song, cells, lanes[lane], bar)} · ${loudness(song, lanes[lane], bar)}`;
    const label = song.section(bar)?.label;
    const part = label ? ` · section ${label}` : "";
    return region.holds(bar, song.beatsPerBar) ? `End the loop${part}` : `Jump to ${barName(bar)}${part} · drag for a loop`;
  }
}
