/** Which bars are in sight, and where each of them is. Pixels are those of the style sheet. */

export const SECTIONS = 22;
export const RULER = 26;
export const GAP = 2;
const WIDEST_BAR = 192;
const STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

export class View {
  first = 0;
  bars = 1;
  width = 1;
  zoom = 1;
  scroll = 0;
  head = RULER;
  lane = 28;

  /** Pixels of a bar. */
  get perBar() {
    return (this.width / this.bars) * this.zoom;
  }

  get wide() {
    return this.perBar * this.bars;
  }

  get most() {
    return Math.max(1, WIDEST_BAR / (this.width / this.bars));
  }

  x(bar) {
    return (bar - this.first) * this.perBar - this.scroll;
  }

  /** The bar at a place, with its fraction. */
  bar(x) {
    return (x + this.scroll) / this.perBar + this.first;
  }

  /** The whole bar at a place, of those that there are. */
  barAt(x) {
    return Math.min(Math.max(Math.floor(this.bar(x)), this.first), this.first + this.bars - 1);
  }

  y(lane) {
    return this.head + lane * (this.lane + GAP);
  }

  /** The lane at a height; -1 over them, the last one under them. */
  laneAt(y, lanes) {
    return y < this.head ? -1 : Math.min(Math.floor((y - this.head) / (this.lane + GAP)), lanes - 1);
  }

  /** The first bar that is in sight, and the one behind the last. */
  get sight() {
    return [this.barAt(0), this.barAt(this.width - 0.01) + 1];
  }

  /** Bars from one number to the next, so that they can be read. */
  get step() {
    return STEPS.find((step) => step * this.perBar >= 32) ?? STEPS.at(-1);
  }

  /** Zoom, so that the bar at `x` stays where it is. */
  zoomTo(zoom, x) {
    const bar = this.bar(x);
    this.zoom = Math.min(Math.max(zoom, 1), this.most);
    this.scrollTo((bar - this.first) * this.perBar - x);
  }

  scrollTo(scroll) {
    this.scroll = Math.min(Math.max(scroll, 0), Math.max(this.wide - this.width, 0));
  }
}
