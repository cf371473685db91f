/** What a value means: the way of a control in [0, 1], steps of keys and wheel, and the text that people read.
 *
 * A `param` is a row of the table of parameters: {low, high, default, unit, curve, text}; ways follow engine.model.params.
 */

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The value at a control's way in [0, 1]. */
export function map(param, share) {
  const { low, high, curve } = param;
  share = clamp(share, 0, 1);
  if (curve === "switch") return share >= 0.5 ? 1 : 0;
  if (curve === "log") return clamp(low * (high / low) ** share, low, high);
  const value = low + share * (high - low);
  return curve === "steps" ? Math.round(value) : value;
}

/** The way in [0, 1] at which a control stands for a value; inverse of `map`. */
export function unmap(param, value) {
  const { low, high, curve } = param;
  value = clamp(value, low, high);
  return curve === "log" ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

// Per unit: one step of a key or of the wheel, the fine one, that of a page key, and what dragging falls onto, coarse and fine.
const STEPS = {
  dB: { step: 0.5, fine: 0.1, page: 3, grain: 0.1, finest: 0.1 },
  dBTP: { step: 0.5, fine: 0.1, page: 3, grain: 0.1, finest: 0.1 },
  semitones: { step: 1, fine: 0.1, page: 12, grain: 1, finest: 0.01 },
  bpm: { step: 1, fine: 0.1, page: 5, grain: 0.1, finest: 0.01 },
};

/** The steps of a parameter in its unit; `bpm` is the song's own tempo where the value is a share of it. */
export function steps(param, bpm = 0) {
  if (param.curve === "steps") return { step: 1, fine: 1, page: 1, grain: 1, finest: 1 };
  if (STEPS[param.unit]) return STEPS[param.unit];
  if (isTempo(param)) {
    const own = bpm || 100;
    return { step: 0.5 / own, fine: 0.05 / own, page: 2 / own, grain: 0.1 / own, finest: 0.01 / own };
  }
  const range = param.high - param.low;
  return { step: range / 50, fine: range / 200, page: range / 10, grain: range / 200, finest: range / 2000 };
}

const isTempo = (param) => param.unit.startsWith("x ");
const isKill = (param) => param.unit === "dB" && param.low === -40;

/** A signed number with so many decimals and a true minus; nothing is "-0.0". */
export function signed(value, decimals = 1) {
  const size = Math.abs(value).toFixed(decimals);
  if (Number(size) === 0) return size;
  return (value < 0 ? "\u2212" : "+") + size;
}

/** What people read: "+3.5 dB", "LP 40 %", "124.00 bpm" (with the song's own `bpm`). */
export function say(param, value, bpm = 0) {
  const { unit } = param;
  if (param.curve === "switch") return value ? "on" : "off";
  if (isKill(param) && value <= param.low) return "kill";
  if (unit === "dB" || unit === "dBTP") return `${signed(value)} ${unit}`;
  if (unit === "semitones") return `${signed(value, Number.isInteger(value) ? 0 : 2)} st`;
  if (unit === "bpm") return `${value.toFixed(1)} bpm`;
  if (isTempo(param)) return bpm ? `${(bpm * value).toFixed(2)} bpm` : `${signed(100 * (value - 1), 2)} %`;
  if (unit === "low-pass to high-pass") return side(value, "LP", "HP", "off");
  if (unit === "left to right") return side(value, "left", "right", "middle");
  if (unit === "cue to master") return `${Math.round(100 * value)} % master`;
  return `${Number(value.toFixed(2))}`;
}

function side(value, below, above, middle) {
  const percent = Math.round(100 * Math.abs(value));
  return percent === 0 ? middle : `${value < 0 ? below : above} ${percent} %`;
}

/** Round to a grain without the dirt of binary fractions. */
export const round = (value, grain) => Number((Math.round(value / grain) * grain).toPrecision(12));

/** Where ticks stand: every 6 dB, or every 12 where there are more. */
export function ticks(param) {
  if (param.unit !== "dB" && param.unit !== "dBTP") return [];
  const every = param.high - param.low > 24 ? 12 : 6;
  const marks = [];
  for (let db = Math.ceil(param.low / every) * every; db <= param.high; db += every) marks.push(db);
  return marks;
}

/** The way of a level in dBFS on a meter, [0, 1]: wide where it matters, as on peak meters in studios (after IEC 60268-18). */
export function meterShare(dbfs) {
  const [levels, shares] = [[-60, -40, -30, -20, -10, 0, 6], [0, 0.12, 0.25, 0.45, 0.7, 0.94, 1]];
  if (!(dbfs > levels[0])) return 0;
  for (let i = 1; i < levels.length; i += 1) {
    if (dbfs <= levels[i]) {
      const part = (dbfs - levels[i - 1]) / (levels[i] - levels[i - 1]);
      return shares[i - 1] + part * (shares[i] - shares[i - 1]);
    }
  }
  return 1;
}
