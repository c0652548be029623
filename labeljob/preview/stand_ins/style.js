// One style sheet for the page and for every stand-in.
export const style = new CSSStyleSheet();
style.replaceSync(`
:root, :host { --ink: #1b1f24; --soft: #545c66; --line: #d5dae0; --paper: #fff; --panel: #f6f7f9; --accent: #0b57d0; --bad: #a4001d; --bad-back: #ffe3e6; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; padding: 1rem clamp(.75rem, 3vw, 2rem) 3rem; max-width: 84rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
:host { display: block; color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
:host([hidden]) { display: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 1rem; }
h2 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1rem 0 .2rem; }
aside h2 { margin-top: 0; }
short-instructions, full-instructions, classification-target, worker-comment { display: block; }
form > short-instructions, form > full-instructions { margin: 0 0 1rem; padding: .8rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
short-instructions > :first-child, full-instructions > :first-child { margin-top: 0; }
short-instructions > :last-child { margin-bottom: 0; }
form > full-instructions { margin-top: 1.5rem; }
form > full-instructions::before { content: attr(header); font-weight: 650; }
form > h1 + img, form > h1 + blockquote, blockquote { margin: 0 0 1rem; }
blockquote { padding: .8rem 1rem; border-left: 4px solid var(--line); background: var(--panel); }
fieldset { margin: 1.2rem 0; padding: .6rem 1rem .8rem; border: 1px solid var(--line); border-radius: 8px; }
legend { padding: 0 .4rem; font-weight: 650; }
.columns { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
aside { flex: 1 1 14rem; max-width: 22rem; padding: .8rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
@media (max-width: 50rem) { aside { max-width: none; } }
.main { flex: 4 1 26rem; min-width: 0; }
details { margin-top: .6rem; }
summary { cursor: pointer; color: var(--accent); }
button { font: inherit; padding: .35rem .8rem; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); color: var(--ink); cursor: pointer; }
button:hover { border-color: var(--accent); }
button[aria-pressed="true"] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); font-weight: 650; }
button.primary { background: var(--accent); border-color: var(--accent); color: #fff; font-weight: 650; }
.submit { margin-top: 1.5rem; }
.bar { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin-bottom: .8rem; overflow-wrap: anywhere; }
.swatch { display: inline-block; width: .8em; height: .8em; margin-right: .45em; border-radius: 2px; vertical-align: -.05em; }
.stage { position: relative; width: 100%; max-width: calc(var(--ratio, 1) * 65vh); line-height: 0; background: #e9ecef; border: 1px solid var(--line); }
.stage > img { width: 100%; height: auto; }
.stage > svg, .stage > canvas { position: absolute; inset: 0; width: 100%; height: 100%; touch-action: none; }
.stage > canvas { opacity: .6; image-rendering: pixelated; }
.stage > .drawing { cursor: crosshair; }
.shape { stroke-width: 2.5; fill-opacity: .15; vector-effect: non-scaling-stroke; }
.shape.selected { stroke-dasharray: 6 4; cursor: move; }
.shape.draft { fill: none; stroke-dasharray: 3 3; }
.point { vector-effect: non-scaling-stroke; stroke: #fff; stroke-width: 1.5; }
.hint { color: var(--soft); font-size: .9rem; margin: .5rem 0; }
.items { margin: .5rem 0 0; padding: 0; list-style: none; }
.items li { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; padding: .25rem 0; border-bottom: 1px solid var(--line); }
.items .grow { flex: 1; min-width: 0; overflow-wrap: anywhere; }
select, input[type="text"], input[type="number"], textarea { font: inherit; padding: .35rem .5rem; border: 1px solid #8a939d; border-radius: 6px; background: var(--paper); color: var(--ink); max-width: 100%; }
textarea, .field input { width: 100%; }
input[type="range"] { width: min(24rem, 70%); }
.field { display: block; margin: .8rem 0; }
.choices label, .choice { display: flex; gap: .55rem; align-items: baseline; padding: .35rem .2rem; cursor: pointer; overflow-wrap: anywhere; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; padding: .8rem 1rem; border: 1px solid var(--line); border-radius: 8px; line-height: 2.1; }
.text mark { padding: .15em .1em; border-radius: 3px; color: inherit; cursor: pointer; }
.text mark[data-short]::after { content: attr(data-short); font-size: .68em; font-weight: 650; padding: 0 .3em; margin-left: .3em; border-radius: 3px; background: rgb(255 255 255 / .75); user-select: none; }
.problems { margin: 0 0 1rem; padding: .6rem 1rem .6rem 2rem; color: var(--bad); background: var(--bad-back); border-radius: 8px; overflow-wrap: anywhere; }
.result { margin-top: 2rem; padding: 1rem; border: 2px solid var(--accent); border-radius: 8px; }
.result h2:first-child { margin-top: 0; }
.result img { max-width: 20rem; image-rendering: pixelated; border: 1px solid var(--line); background: #e9ecef; }
.notice { margin: 0 0 1.2rem; padding: .5rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; color: var(--soft); font-size: .9rem; }
.notice ul { margin: .3rem 0; padding-left: 1.2rem; }
.notice .serious { color: var(--bad); }
pre { overflow: auto; max-height: 30rem; margin: .4rem 0; padding: .7rem; background: var(--panel); border: 1px solid var(--line); font-size: .82rem; white-space: pre-wrap; overflow-wrap: anywhere; }
`);
