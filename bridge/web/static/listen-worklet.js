/** Plays a `Playout` in the browser's audio thread. It is fed through a port of its own, past the page. */

import { Playout } from "./listen-buffer.js";

const TELL_SECONDS = 0.25;

class Listening extends AudioWorkletProcessor {
  #playout = new Playout(sampleRate);
  #told = 0;
  #over = false;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      this.#over ||= Boolean(data.stop);
      if (data.feed) data.feed.onmessage = (event) => this.#playout.put(event.data.frame, event.data.samples);
    };
  }

  process(_inputs, [output]) {
    this.#playout.pull(output);
    if (currentTime - this.#told >= TELL_SECONDS) this.#tell();
    return !this.#over;
  }

  #tell() {
    this.#told = currentTime;
    const { plays, frame, waiting, gaps } = this.#playout;
    if (plays) this.port.postMessage({ frame, waiting, gaps });
  }
}

registerProcessor("rx-listening", Listening);
