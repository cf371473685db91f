/** The picture: everything that stands still while the song plays. Drawn anew only when something of it changed. */

import { HAND, ON } from "./map-song.js";
import { GAP, SECTIONS } from "./map-view.js";

const HEIGHTS = Float32Array.from({ length: 256 }, (_, peak) => (peak / 255) ** 0.5); // soft sounds can be seen, too
const SHADES = 5;
const TEXT = "system-ui, sans-serif";

/** Draw `scene`: {song, lanes, cells, view, theme, dims: per lane}. */
export function draw(context, scene) {
  const { view, lanes } = scene;
  context.clearRect(0, 0, view.width, view.y(lanes.length));
  drawSections(context, scene);
  drawRuler(context, scene);
  for (let k = 0; k < lanes.length; k += 1) drawLane(context, scene, k);
}

/** Draw one lane anew: cells are switched faster than a large map is drawn. */
export function redrawLane(context, scene, k) {
  const { view } = scene;
  context.save();
  context.beginPath();
  context.rect(0, view.y(k), view.width, view.lane + GAP);
  context.clip();
  context.clearRect(0, view.y(k), view.width, view.lane + GAP);
  drawLane(context, scene, k);
  context.restore();
}

function drawSections(context, { song, view, theme }) {
  if (!song.sections.length) return;
  context.font = `600 12px ${TEXT}`;
  context.textBaseline = "middle";
  song.sections.forEach(({ bar, label }, k) => {
    const end = song.sections[k + 1]?.bar ?? song.end;
    const [left, right] = [Math.max(view.x(bar), 0) + 0.5, Math.min(view.x(end), view.width) - 1.5];
    if (right <= left) return;
    context.fillStyle = theme.faint;
    context.beginPath();
    context.roundRect(left, 0, right - left, SECTIONS - 3, 4);
    context.fill();
    context.fillStyle = theme.ink;
    if (context.measureText(label).width + 8 <= right - left) context.fillText(label, left + 4, (SECTIONS - 2) / 2);
  });
}

function drawRuler(context, { song, view, theme }) {
  const [from, to] = view.sight;
  const low = view.head - 4;
  context.font = `12px ${TEXT}`;
  context.textBaseline = "alphabetic";
  for (let bar = from; bar < to; bar += 1) {
    const x = Math.round(view.x(bar)) + 0.5;
    const numbered = bar >= 0 && bar % view.step === 0;
    context.fillStyle = theme.line;
    if (numbered || view.perBar >= 6) context.fillRect(x - 0.5, low - (numbered ? 8 : 3), 1, numbered ? 8 : 3);
    context.fillStyle = theme.dim;
    if (numbered && x + 24 < view.width + 8) context.fillText(bar + 1, x + 4, low - 2);
  }
  const lead = view.x(0) - view.x(song.first);
  if (lead > 44) context.fillText("lead-in", view.x(song.first) + 3, low - 2, lead - 6);
}

/** One lane: its cells, and what it sounds like in them. */
function drawLane(context, scene, k) {
  const { song, cells, view, dims } = scene;
  const lane = scene.lanes[k];
  const [from, to] = view.sight;
  const states = [];
  for (let bar = from; bar < to; bar += 1) states.push(cells.state(song, lane, bar));
  context.globalAlpha = dims[k] ? 0.3 : 1;
  drawCells(context, scene, lane, k, states);
  for (let i = 0; i < states.length; ) {
    const start = i;
    const on = states[i] & ON;
    while (i < states.length && (states[i] & ON) === on) i += 1;
    context.fillStyle = on ? lane.color : mixed(lane.color, 0.16);
    drawWave(context, song, view, lane, k, from + start, from + i);
  }
  context.globalAlpha = 1;
  drawLeadIn(context, scene, k);
}

function drawCells(context, { song, view, theme }, lane, k, states) {
  const [from] = view.sight;
  const gap = view.perBar >= 8 ? 1 : view.perBar >= 4 ? 0.5 : 0;
  const round = view.perBar >= 12 ? 3 : 0;
  const place = (i) => [view.x(from + i) + gap / 2, view.y(k), view.perBar - gap, view.lane];
  const fill = (color, wanted) => {
    context.fillStyle = color;
    context.beginPath();
    states.forEach((state, i) => {
      // Narrow cells are many, and a path of them takes four times as long.
      if (wanted(state, i)) round ? context.roundRect(...place(i), round) : context.fillRect(...place(i));
    });
    if (round) context.fill();
  };
  const shade = (i) => Math.ceil(Math.min(song.level(lane, from + i) ?? HEIGHTS[song.peak(lane, from + i)], 1) * SHADES);
  for (let step = 0; step <= SHADES; step += 1) {
    const color = mixed(lane.color, 0.1 + (0.24 * step) / SHADES);
    fill(color, (state, i) => (state === ON ? shade(i) === step : state === (ON | HAND) && step === SHADES));
  }
  fill(theme.empty, (state) => state === 0);
  fill(theme.hatch, (state) => state === (ON | HAND));
  const edge = (color, wanted) => {
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    states.forEach((state, i) => {
      const [left, top, width, height] = place(i);
      if (state !== wanted) return;
      context.beginPath();
      context.roundRect(left + 0.75, top + 0.75, Math.max(width - 1.5, 1), height - 1.5, round);
      context.stroke();
    });
  };
  edge(theme.ink, ON | HAND);
  edge(lane.color, HAND);
}

/** The peaks from one bar to another, mirrored about the middle of the lane. */
function drawWave(context, song, view, lane, k, from, to) {
  const columns = (to - from) * song.columns;
  const [left, right] = [view.x(from), view.x(to)];
  const points = Math.max(1, Math.min(columns, Math.ceil(right - left)));
  const [middle, high] = [view.y(k) + view.lane / 2, view.lane / 2 - 2];
  const start = (from - song.first) * song.columns;
  const tall = new Float32Array(points);
  for (let i = 0; i < points; i += 1) {
    let most = 0;
    const end = start + Math.max(Math.floor(((i + 1) * columns) / points), Math.floor((i * columns) / points) + 1);
    for (let c = start + Math.floor((i * columns) / points); c < end; c += 1) most = Math.max(most, lane.wave[c]);
    tall[i] = Math.max(0.5, high * HEIGHTS[most]);
  }
  const step = (right - left) / points;
  context.beginPath();
  context.moveTo(left, middle);
  for (let i = 0; i < points; i += 1) context.lineTo(left + (i + 0.5) * step, middle - tall[i]);
  context.lineTo(right, middle);
  for (let i = points - 1; i >= 0; i -= 1) context.lineTo(left + (i + 0.5) * step, middle + tall[i]);
  context.fill();
}

/** Veil what comes before the first downbeat. */
function drawLeadIn(context, { song, view, theme }, k) {
  const right = view.x(0);
  if (song.first >= 0 || right <= 0) return;
  context.fillStyle = theme.veil;
  context.fillRect(0, view.y(k), right, view.lane);
  context.fillStyle = theme.dim;
  context.fillRect(Math.round(right) - 0.5, view.y(k), 1, view.lane + GAP);
}

/** A color "#rrggbb" with an alpha. */
function mixed(color, alpha) {
  return color + Math.round(alpha * 255).toString(16).padStart(2, "0");
}
