// Stand-ins for the crowd elements of worker pages: enough to look at a page, answer it and see the label. They are not the real ones.
import { make, rules } from "./base.js";
import { style } from "./style.js";
import * as classifiers from "./classifiers.js";
import * as entities from "./entities.js";
import * as forms from "./form.js";
import * as inputs from "./inputs.js";
import * as masks from "./masks.js";
import * as shapes from "./shapes.js";

document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];

/** CrowdBoundingBox is crowd-bounding-box. */
const tagOf = (name) => name.replace(/[A-Z]/g, (letter, place) => (place ? "-" : "") + letter.toLowerCase());

// The forms first: what is inside moves into them before it builds itself.
for (const [name, element] of Object.entries({ ...forms, ...inputs, ...classifiers, ...shapes, ...masks, ...entities })) {
  customElements.define(tagOf(name), element);
}

const PLAIN = ["crowd-radio-group", "crowd-card", "crowd-instructions", "crowd-tabs", "crowd-tab", "crowd-alert", "crowd-icon-button", "crowd-badge", "crowd-fab", "crowd-icon", "crowd-modal", "crowd-toast"];
const used = new Set([...document.querySelectorAll("*")].map((element) => element.localName).filter((name) => name.startsWith("crowd-")));
const strange = [...used].filter((name) => !customElements.get(name) && !PLAIN.includes(name));

const state = await (await fetch("/state")).json();
document.body.prepend(make("div", { class: "notice" },
  `Preview of ${state.template}, line ${state.line} of ${state.manifest}, with stand-ins for the crowd elements. `,
  state.workers ? `Answers so far: ${state.workers}.` : "",
  ...(strange.length ? [make("p", { class: "serious" }, `No stand-in: ${strange.join(", ")}`)] : []),
  state.findings.length
    ? make("ul", {}, ...state.findings.map((finding) => make("li", { class: finding.startsWith("error") ? "serious" : "" }, finding))) : null));

document.dispatchEvent(new CustomEvent("all-crowd-elements-ready", { detail: { rules } }));
document.documentElement.dataset.ready = "";
