/** `<rx-listen>`: the mix in this browser, for who sits before another machine or one without a sound card. */

import { make, Piece, write } from "./piece.js";
import { wire } from "./wire.js";

const PATIENCE_MS = 800; // for the browser to let sound begin
const KEPT = "remixture-volume";
const LONGEST_SECONDS = 5; // a delay beyond it is none: the numbers are of two engines

const style = new CSSStyleSheet();
style.replaceSync(`
rx-listen { display: inline-flex; align-items: center; gap: 8px; white-space: nowrap; }
rx-listen [hidden] { display: none; }
rx-listen > span { display: inline-grid; }
rx-listen input { width: 110px; min-height: 24px; accent-color: var(--accent, #7fb8f0); }
rx-listen .rx-note { font-size: 12px; }
rx-listen button[aria-pressed="true"] { background: var(--accent, #7fb8f0); color: #0c0e11; }
`);
document.adoptedStyleSheets.push(style);

class Listen extends Piece {
  #context = null;
  #worker = null;
  #node = null;
  #volume = null;
  #lead = null; // frames by which the engine is further on than this page's clock

  build() {
    this.button = make("button", { type: "button", "aria-pressed": "false" }, "Listen here");
    const volume = { type: "range", min: "0", max: "1", step: "0.01", value: localStorage.getItem(KEPT) ?? "1" };
    this.slider = make("input", { ...volume, "aria-label": "Volume in this browser, not of the mix" });
    this.state = make("span", { class: "rx-note", "aria-live": "polite" });
    this.numbers = make("span", { class: "rx-note" });
    this.replaceChildren(this.button, make("span", {}, this.slider, this.state, this.numbers));
    this.listen(this.button, "click", () => (this.#context ? this.stop() : this.start()));
    this.listen(this.slider, "input", () => this.#setVolume());
    this.keep(wire.onMeters(() => this.#time()), () => this.stop());
    this.stop();
  }

  /** Begin to play; only a click may do that. */
  async start() {
    const context = new AudioContext({ sampleRate: wire.rate, latencyHint: "interactive" });
    this.#context = context;
    this.#pressed("Connecting …");
    try {
      await context.audioWorklet.addModule(new URL("./listen-worklet.js", import.meta.url));
    } catch (error) {
      if (this.#context === context) this.stop(`This browser cannot play the stream: ${error.message}`);
      return;
    }
    if (this.#context !== context) return; // stopped meanwhile
    this.#connect(context);
    await Promise.race([context.resume(), new Promise((done) => setTimeout(done, PATIENCE_MS))]);
    if (this.#context === context && context.state !== "running")
      this.stop("The browser wants a click before it plays: press the button again.");
  }

  #connect(context) {
    const { port1, port2 } = new MessageChannel();
    this.#node = new AudioWorkletNode(context, "rx-listening", { numberOfInputs: 0, outputChannelCount: [2] });
    this.#node.port.postMessage({ feed: port2 }, [port2]);
    this.#node.port.onmessage = ({ data }) => this.#tell(data);
    this.#volume = new GainNode(context);
    this.#node.connect(this.#volume).connect(context.destination);
    this.#setVolume();
    this.#worker = new Worker(new URL("./listen-feed.js", import.meta.url));
    this.#worker.onmessage = ({ data }) => this.#hear(data);
    const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/listen`;
    this.#worker.postMessage({ url, port: port1 }, [port1]);
  }

  /** Stop, and say why if somebody should know. */
  stop(why = "") {
    this.#worker?.terminate();
    this.#node?.port.postMessage({ stop: true });
    this.#context?.close();
    [this.#context, this.#worker, this.#node, this.#volume] = [null, null, null, null];
    this.slider.hidden = true;
    this.button.setAttribute("aria-pressed", "false");
    write(this.button, "Listen here");
    write(this.state, why);
    write(this.numbers, "");
  }

  #pressed(text) {
    this.slider.hidden = false;
    this.button.setAttribute("aria-pressed", "true");
    write(this.button, "Stop listening");
    write(this.state, text);
  }

  #hear({ hello, lost }) {
    if (lost) {
      write(this.state, "The stream is gone; connecting again …");
      write(this.numbers, "");
    } else if (hello.rate !== this.#context.sampleRate) {
      this.stop(`The stream is at ${hello.rate} Hz, this browser at ${this.#context.sampleRate} Hz: reload the page.`);
    } else write(this.state, "");
  }

  /** Squared: half way is about half as loud. */
  #setVolume() {
    localStorage.setItem(KEPT, this.slider.value);
    this.#volume?.gain.setTargetAtTime(this.slider.valueAsNumber ** 2, this.#context.currentTime, 0.01);
  }

  /** Follow the engine's clock: a frame is known when its meters come, the soonest are the truest. Late blocks set it back. */
  #time() {
    const lead = wire.meter("master.frame") - (performance.now() / 1000) * wire.rate;
    const jumped = this.#lead === null || Math.abs(lead - this.#lead) > wire.rate;
    if (Number.isFinite(lead)) this.#lead = jumped ? lead : Math.max(lead, this.#lead - 0.002 * wire.rate);
  }

  /** Say how late it is here: from what the engine mixes now to what the loudspeaker plays now. */
  #tell({ frame, waiting, gaps }) {
    if (!this.#context) return;
    const { baseLatency = 0, outputLatency = 0, sampleRate } = this.#context;
    const out = Math.max(outputLatency, baseLatency);
    const now = this.#lead === null ? NaN : this.#lead + (performance.now() / 1000) * wire.rate;
    const seen = (now - frame) / sampleRate;
    const late = (seen > 0 && seen < LONGEST_SECONDS ? seen : waiting / sampleRate) + out;
    const times = gaps === 0 ? "no gaps" : gaps === 1 ? "1 gap" : `${gaps} gaps`;
    write(this.numbers, `You hear it ${Math.round(late * 100) * 10} ms late, ${times}.`);
  }
}

customElements.define("rx-listen", Listen);
