// What all stand-in elements share: their rules, their checks, their frame on the page.
import { style } from "./style.js";

export const rules = await (await fetch(new URL("rules.json", import.meta.url))).json();
export const COLOURS = ["#2ca02c", "#1f77b4", "#ff7f0e", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"];

/** Make an element. Properties that are functions become listeners; null and undefined are left out. */
export function make(tag, properties = {}, ...children) {
  const element = tag === "svg" || tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.replace("svg:", ""))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** JSON as crowd elements read it: single quotes, bare keys and trailing commas are allowed. */
export function relaxedJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    const token = /("(?:[^"\\]|\\.)*")|'((?:[^'\\]|\\.)*)'|([A-Za-z_$][\w$]*)(?=\s*:)|,(?=\s*[}\]])/gs;
    return JSON.parse(text.replace(token, (_, double, single, key) => {
      if (double !== undefined) return double;
      if (single !== undefined) return JSON.stringify(single.replace(/\\(['"])/g, "$1"));
      return key === undefined ? "" : JSON.stringify(key);
    }));
  }
}

const SHAPES = {
  names: (value) => listProblem(value, (entry) => entry, "names"),
  labels: (value) => listProblem(value, (entry) => entry?.label, "objects with a label"),
  array: (value) => Array.isArray(value) && value.every((entry) => typeof entry?.label === "string") ? null : "must list objects with a label",
  object: (value, key) => key in Object(value) ? null : `has no '${key}'`,
  mask: (value, key) => key in Object(value) && "src" in value ? null : `needs '${key}' and 'src'`,
  overlay: (value) => ["boundingBox", "semanticSegmentation", "instanceSegmentation"].some((key) => key in Object(value))
    ? null : "has none of boundingBox, semanticSegmentation, instanceSegmentation",
};

function listProblem(value, nameOf, what) {
  if (!Array.isArray(value)) return "is no JSON list";
  const names = value.map(nameOf);
  if (!names.length) return "is empty";
  if (!names.every((name) => typeof name === "string" && name)) return `must list ${what}`;
  return new Set(names).size === names.length ? null : "names something twice";
}

function valueProblem(kind, text) {
  if (kind === "url") {
    if (text.startsWith("s3://")) return "is an s3:// URI, which no browser reads";
    return /^(https?:\/\/|\/|data:|blob:)/i.test(text) ? null : "is no URL";
  }
  if (kind === "number") return Number.isFinite(Number(text)) ? null : "is no number";
  const [family, key] = kind.split(":");
  try {
    return SHAPES[family](relaxedJson(text), key);
  } catch {
    return "is not JSON";
  }
}

/** What is wrong with an element's attributes and regions, in words. */
function check(element) {
  const tag = element.localName;
  const rule = rules[tag] ?? {};
  const problems = [];
  for (const name of rule.required ?? []) {
    if (!element.getAttribute(name)?.trim()) problems.push(`${name} is missing`);
  }
  for (const [name, kind] of Object.entries(rule.attributes ?? {})) {
    const text = element.getAttribute(name);
    const problem = text?.trim() ? valueProblem(kind, text) : null;
    if (problem) problems.push(`${name} ${problem}`);
  }
  for (const name of rule.unsupported ?? []) {
    if (element.hasAttribute(name)) problems.push(`${name} is not supported`);
  }
  for (const region of rule.regions ?? []) {
    if (!element.querySelector(region)) problems.push(`<${region}> is missing`);
  }
  if (rule.required?.includes("name") && !element.closest("crowd-form, crowd-entity-annotation")) {
    problems.push("stands outside of <crowd-form>, so its answer is not submitted");
  }
  return problems;
}

/** An element that stands in for one of the crowd elements. */
export class StandIn extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [style];
    this.alerts = make("ul", { class: "problems", role: "alert", hidden: true });
    this.shadowRoot.append(this.alerts);
    this.problems = [];
    check(this).forEach((problem) => this.report(problem));
    this.build();
  }

  /** Say on the page that something is wrong with this element. */
  report(problem) {
    this.problems.push(problem);
    this.alerts.hidden = false;
    this.alerts.append(make("li", {}, `${this.localName}: ${problem}`));
  }

  /** The value of a JSON attribute; `otherwise` where it is missing or broken, which is reported already. */
  json(name, otherwise) {
    try {
      return relaxedJson(this.getAttribute(name)) ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  /** The names in `labels` or `categories`. */
  names(attribute) {
    const listed = this.json(attribute, []);
    return Array.isArray(listed) ? listed.map((entry) => entry?.label ?? entry).filter((name) => typeof name === "string") : [];
  }

  /** The answer, undefined for none. */
  get value() {
    return undefined;
  }

  /** What the worker still has to do before submitting, or null. */
  get missing() {
    return null;
  }
}

/** A stand-in that fills the page: header, instructions beside, something to work on. */
export class Widget extends StandIn {
  build() {
    const places = { "short-instructions": "short", "full-instructions": "full", "classification-target": "target", "worker-comment": "comment" };
    for (const child of this.children) {
      if (places[child.localName]) child.slot = places[child.localName];
    }
    const full = this.querySelector("full-instructions");
    this.main = make("div", { class: "main" });
    this.shadowRoot.append(
      make("section", { class: "widget" },
        make("h1", {}, this.getAttribute("header") ?? ""),
        make("div", { class: "columns" },
          make("aside", {},
            make("h2", {}, "Instructions"),
            make("slot", { name: "short" }),
            make("details", { hidden: !full }, make("summary", {}, full?.getAttribute("header") || "Full instructions"), make("slot", { name: "full" }))),
          this.main)),
    );
    this.fill();
  }
}

/** Load the picture at a URL; where that fails, say why on the element. Null then. */
export async function loadPicture(host, url) {
  if (!url) return null; // reported already
  const picture = new Image();
  picture.src = url;
  try {
    await picture.decode();
    return picture;
  } catch {
    let why = "it is no picture";
    try {
      const reply = await fetch(url);
      if (!reply.ok) why = (await reply.text()) || `the server says ${reply.status}`;
    } catch (failure) {
      why = failure.message;
    }
    host.report(`the image cannot be shown: ${why}`);
    return null;
  }
}

/** A canvas with the pixels of a mask in the given colours; all others transparent. */
export async function readMask(host, url, colours) {
  const picture = await loadPicture(host, url);
  if (!picture) return null;
  const canvas = make("canvas", { width: picture.naturalWidth, height: picture.naturalHeight });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0);
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  const known = new Set(colours.map((colour) => parseInt(colour.slice(1), 16)));
  const { data } = image;
  for (let at = 0; at < data.length; at += 4) {
    const kept = data[at + 3] && known.has((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    data[at + 3] = kept ? 255 : 0;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
