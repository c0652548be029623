// Stand-in of crowd-entity-annotation: it holds its form inside itself, and counts offsets as JavaScript does (UTF-16 units).
import { COLOURS, Widget, make } from "./base.js";

export class CrowdEntityAnnotation extends Widget {
  fill() {
    if (this.closest("crowd-form")) this.report("stands inside <crowd-form>, but brings a form of its own: take it out");
    this.text = this.getAttribute("text") ?? "";
    this.labels = this.json("labels", []).filter((entry) => entry?.label);
    this.current = this.labels[0]?.label;
    const known = new Set(this.labels.map((entry) => entry.label));
    this.entities = this.json("initial-value", []).filter((entity) => {
      if (!known.has(entity.label)) this.report(`initial-value has the label ${JSON.stringify(entity.label)}, which is not in labels`);
      return known.has(entity.label);
    });
    // In the light tree, where every browser lets a selection be read.
    this.shown = make("div", { class: "text", slot: "text", dir: "auto", mouseup: () => this.mark() });
    this.append(this.shown);
    this.palette = make("div", { class: "bar", role: "group", "aria-label": "Categories" });
    this.list = make("ol", { class: "items", "aria-label": "What is marked" });
    this.form = make("crowd-form", {}, this.palette, make("slot", { name: "text" }),
      make("p", { class: "hint" }, "Choose a category, then select text with the mouse."), this.list);
    this.main.append(this.form);
    this.draw();
  }

  /** Make an entity of the selected text. */
  mark() {
    const selection = document.getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return;
    const range = selection.getRangeAt(0);
    if (!this.shown.contains(range.startContainer) || !this.shown.contains(range.endContainer)) return;
    const [startOffset, endOffset] = [this.offset(range.startContainer, range.startOffset), this.offset(range.endContainer, range.endOffset)];
    selection.removeAllRanges();
    const twin = this.entities.some((one) => one.startOffset === startOffset && one.endOffset === endOffset && one.label === this.current);
    if (startOffset < endOffset && this.current && !twin) this.entities.push({ endOffset, label: this.current, startOffset });
    this.draw();
  }

  /** Characters of the text before a place in the page. */
  offset(node, place) {
    const before = document.createRange();
    before.setStart(this.shown, 0);
    before.setEnd(node, place);
    return before.toString().length;
  }

  colour(label) {
    return COLOURS[Math.max(0, this.labels.findIndex((entry) => entry.label === label)) % COLOURS.length];
  }

  draw() {
    this.palette.replaceChildren(...this.labels.map((entry) =>
      make("button", { type: "button", "aria-pressed": String(entry.label === this.current), click: () => this.choose(entry.label) },
        make("span", { class: "swatch", style: `background: ${this.colour(entry.label)}` }), entry.fullDisplayName ?? entry.label)));
    this.shown.replaceChildren(...this.pieces());
    this.list.replaceChildren(...this.entities.map((entity, place) => make("li", {},
      make("span", { class: "swatch", style: `background: ${this.colour(entity.label)}` }),
      make("span", { class: "grow" }, `${entity.label}: ${this.text.slice(entity.startOffset, entity.endOffset)}`),
      make("button", { type: "button", "aria-label": `Remove ${place + 1}`, click: () => this.remove(entity) }, "Remove"))));
  }

  /** The text cut where entities begin and end; of nested ones the shortest colours a piece. */
  pieces() {
    const cuts = [...new Set([0, this.text.length, ...this.entities.flatMap((one) => [one.startOffset, one.endOffset])])].sort((a, b) => a - b);
    return cuts.slice(0, -1).map((start, place) => {
      const end = cuts[place + 1];
      const around = this.entities.filter((one) => one.startOffset <= start && end <= one.endOffset);
      if (!around.length) return document.createTextNode(this.text.slice(start, end));
      const inner = around.reduce((one, other) => (other.endOffset - other.startOffset < one.endOffset - one.startOffset ? other : one));
      const entry = this.labels.find((listed) => listed.label === inner.label);
      const short = end === inner.endOffset ? entry.shortDisplayName ?? entry.label : null;
      return make("mark", { "data-short": short, title: inner.label, style: `background: ${this.colour(inner.label)}55` }, this.text.slice(start, end));
    });
  }

  choose(label) {
    this.current = label;
    this.draw();
  }

  remove(entity) {
    this.entities = this.entities.filter((other) => other !== entity);
    this.draw();
  }

  get value() {
    return { entities: this.entities };
  }
}
