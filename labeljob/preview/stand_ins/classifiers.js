// Stand-ins of the classifiers: one choice or several, for an image or for whatever stands in classification-target.
import { COLOURS, Widget, loadPicture, make, readMask } from "./base.js";

class Classifier extends Widget {
  fill() {
    this.picture = "src" in this.attributes ? make("div", { class: "stage" }) : make("slot", { name: "target" });
    const exclusion = this.constructor.several ? this.json("exclusion-category", {}).text : undefined;
    this.boxes = new Map(this.names("categories").map((name) => [name, this.box(() => this.untick(exclusion))]));
    this.exclusion = exclusion && this.box(() => this.boxes.forEach((box) => { box.checked = false; }));
    const rows = [...this.boxes].map(([name, box]) => make("label", {}, box, name));
    if (exclusion) rows.push(make("label", {}, this.exclusion, exclusion));
    this.main.append(this.picture, make("fieldset", { class: "choices" }, make("legend", {}, "Categories"), ...rows));
    this.addComment();
    if ("src" in this.attributes) this.show();
  }

  box(chosen) {
    return make("input", { type: this.constructor.several ? "checkbox" : "radio", name: "choice", change: chosen });
  }

  untick(exclusion) {
    if (exclusion) this.exclusion.checked = false;
  }

  async show() {
    const picture = await loadPicture(this, this.getAttribute("src"));
    if (!picture) return;
    picture.alt = "The image to be judged";
    this.picture.style.setProperty("--ratio", picture.naturalWidth / picture.naturalHeight);
    this.picture.append(picture);
    const overlay = this.json("overlay", {});
    const mask = overlay.semanticSegmentation ?? overlay.instanceSegmentation;
    if (overlay.boundingBox) this.picture.append(boxesOver(overlay.boundingBox, picture));
    if (mask) {
      const colours = Object.values(mask.labelMappings ?? mask.instances).map((entry) => entry.color);
      this.picture.append((await readMask(this, mask.src, colours)) ?? "");
    }
    const legend = overlay.boundingBox ? overlay.boundingBox.labels.map((name, place) => [name, COLOURS[place % COLOURS.length]])
      : Object.entries(mask?.labelMappings ?? {}).map(([name, entry]) => [name, entry.color]);
    this.picture.after(make("p", { class: "hint" }, ...legend.flatMap(([name, colour]) =>
      [make("span", { class: "swatch", style: `background: ${colour}` }), `${name}  `])));
    this.dataset.ready = "";
  }

  /** The comment of verification jobs, behind a link as long as nobody wants it. */
  addComment() {
    const region = this.querySelector("worker-comment");
    if (!region) return;
    this.comment = make("textarea", { rows: 2, placeholder: region.getAttribute("placeholder"), "aria-label": region.getAttribute("header") ?? "Comment" });
    this.main.append(make("details", {}, make("summary", {}, region.getAttribute("link-text") ?? "Add a comment"),
      make("h2", {}, region.getAttribute("header") ?? "Add a comment"), make("slot", { name: "comment" }), this.comment));
  }

  get chosen() {
    return [...this.boxes].filter(([, box]) => box.checked).map(([name]) => name);
  }

  get value() {
    if (this.constructor.several) return { labels: this.chosen };
    const comment = this.comment?.value;
    return { label: this.chosen[0], ...(comment ? { workerComment: comment } : {}) };
  }

  get missing() {
    return this.chosen.length || this.exclusion?.checked ? null : `Choose a category: ${this.getAttribute("header")}`;
  }
}

/** Boxes of an overlay as a drawing. */
function boxesOver({ labels, value }, picture) {
  const drawing = make("svg", { viewBox: `0 0 ${picture.naturalWidth} ${picture.naturalHeight}` });
  for (const box of value) {
    const colour = COLOURS[Math.max(0, labels.indexOf(box.label)) % COLOURS.length];
    const { left: x, top: y, width, height } = box;
    drawing.append(make("svg:rect", { class: "shape", x, y, width, height, stroke: colour, fill: colour }, make("svg:title", {}, box.label)));
  }
  return drawing;
}

export class CrowdImageClassifier extends Classifier {}

export class CrowdClassifier extends Classifier {}

export class CrowdImageClassifierMultiSelect extends Classifier {
  static several = true;
}

export class CrowdClassifierMultiSelect extends Classifier {
  static several = true;
}
