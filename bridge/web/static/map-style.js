/** The style of a map, and the colors that its picture takes from the page's theme. */

export const style = new CSSStyleSheet();
style.replaceSync(`
:host { display: block; color: var(--ink, #e8e6e3); font: 14px/1.3 system-ui, sans-serif; }
.map { display: grid; grid-template-columns: minmax(64px, max-content) minmax(0, 1fr); column-gap: 8px; position: relative; }
.names { max-width: 132px; }
.name { display: flex; align-items: center; gap: 7px; margin-bottom: 2px; font-size: 15px; white-space: nowrap;
  overflow: hidden; }
.name span { overflow: hidden; text-overflow: ellipsis; }
.name i { flex: none; width: 5px; height: 70%; border-radius: 3px; background: var(--lane); }
.name.dim { color: var(--dim, #b3b0ab); }
.name.dim i { opacity: .4; }
.scroll { overflow: auto hidden; border-radius: 4px; scrollbar-width: thin; scrollbar-color: var(--line, #4a505a) transparent; }
.area { position: sticky; left: 0; overflow: hidden; outline: none; touch-action: pan-y; cursor: default; user-select: none; }
.area.over-ruler { cursor: pointer; }
canvas { display: block; width: 100%; height: 100%; }
.here { position: absolute; top: 0; bottom: 0; left: -1px; width: 2px; background: var(--ink, #e8e6e3);
  will-change: transform; pointer-events: none;
  box-shadow: 0 0 0 1px rgba(16, 18, 22, .55); }
.here::before { content: ""; position: absolute; left: -4px; top: 0; border: 5px solid transparent;
  border-top: 7px solid var(--ink, #e8e6e3); }
.here.out { visibility: hidden; }
.round { position: absolute; left: 0; right: 0; bottom: 2px; overflow: hidden; pointer-events: none; }
.loop { position: absolute; left: 0; top: 0; height: 100%; box-sizing: border-box; border: 2px solid var(--warn, #f0b44c);
  border-top-width: 22px;
  border-top-color: rgb(240 180 76 / 34%); box-shadow: 0 0 0 8000px rgb(16 18 22 / 45%); visibility: hidden; }
.loop.on { visibility: visible; }
.loop.pending { border-style: dashed; border-top-style: solid; box-shadow: none; }
.mark { position: absolute; left: 0; top: 0; pointer-events: none; border-radius: 3px; box-sizing: border-box;
  visibility: hidden; }
.mark.hover { background: rgba(255, 255, 255, .12); border: 1px solid rgba(255, 255, 255, .45); }
.mark.cursor { border: 2px solid var(--focus, #8ab4ff); box-shadow: 0 0 0 1px rgba(16, 18, 22, .8); }
.area:focus-visible .mark.cursor, .mark.hover.on { visibility: visible; }
.area:focus-visible { box-shadow: inset 0 0 0 1px var(--focus, #8ab4ff); }
.cell { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.tip { position: absolute; z-index: 2; padding: 5px 9px; border-radius: 6px; background: var(--ink, #e8e6e3);
  color: var(--paper, #101216);
  font-size: 13px; pointer-events: none; white-space: nowrap; visibility: hidden; box-shadow: 0 2px 10px rgba(0, 0, 0, .5); }
.tip.on { visibility: visible; }
.foot { grid-column: 1 / -1; display: flex; align-items: center; gap: 6px; min-height: 36px; margin-top: 4px; }
.say { flex: 1 1 auto; min-width: 0; color: var(--dim, #b3b0ab); overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
button { flex: none; white-space: nowrap; min-width: 32px; min-height: 32px; padding: 0 10px; border: 1px solid var(--line, #4a505a); border-radius: 6px;
  background: transparent;
  color: inherit; font: inherit; cursor: pointer; }
button:hover:enabled { background: var(--faint, #2a2e35); }
button:focus-visible { outline: 2px solid var(--focus, #8ab4ff); outline-offset: 1px; }
button:disabled { opacity: .45; cursor: default; }
@media (pointer: coarse) { button { min-width: 44px; min-height: 44px; } }
`);

/** Return the colors of the picture as they are on the page now; `context` makes the hatching. */
export function themeOf(element, context) {
  const page = getComputedStyle(element);
  const color = (name, otherwise) => page.getPropertyValue(name).trim() || otherwise;
  return {
    ink: color("--ink", "#e8e6e3"),
    dim: color("--dim", "#b3b0ab"),
    faint: color("--faint", "#2a2e35"),
    line: color("--line", "#4a505a"),
    veil: "rgb(16 18 22 / 50%)",
    empty: "rgb(255 255 255 / 4%)",
    hatch: hatching(context),
  };
}

function hatching(context) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const brush = tile.getContext("2d");
  brush.strokeStyle = "rgb(255 255 255 / 38%)";
  brush.lineWidth = 1.5;
  for (const x of [-8, 0, 8]) {
    brush.moveTo(x - 1, 9);
    brush.lineTo(x + 9, -1);
  }
  brush.stroke();
  return context.createPattern(tile, "repeat");
}
