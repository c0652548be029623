// What the elements that work on an image share: the image, the categories with their colours, the list of what is drawn.
import { COLOURS, Widget, loadPicture, make } from "./base.js";

export class ImageWidget extends Widget {
  fill() {
    this.labels = this.names("labels");
    this.current = this.labels[0];
    this.stage = make("div", { class: "stage" });
    this.list = make("ol", { class: "items", "aria-label": "What is marked" });
    this.palette = make("div", { class: "bar", role: "group", "aria-label": "Categories" });
    this.main.append(this.palette, this.stage, make("p", { class: "hint" }, this.constructor.hint), this.list);
    this.ready = this.start();
  }

  async start() {
    const picture = await loadPicture(this, this.getAttribute("src"));
    if (!picture) return;
    [this.width, this.height] = [picture.naturalWidth, picture.naturalHeight];
    picture.alt = "The image to be labelled";
    this.stage.style.setProperty("--ratio", this.width / this.height);
    this.stage.append(picture);
    await this.open();
    this.draw();
    this.dataset.ready = "";
  }

  colour(label) {
    const listed = this.json("label-colors", COLOURS);
    return listed[Math.max(0, this.labels.indexOf(label)) % listed.length];
  }

  /** Buttons by which a category is chosen. */
  drawPalette() {
    this.palette.replaceChildren(...this.labels.map((label) =>
      make("button", { type: "button", "aria-pressed": String(label === this.current), click: () => this.choose(label) },
        make("span", { class: "swatch", style: `background: ${this.colour(label)}` }), label)));
  }

  choose(label) {
    this.current = label;
    this.draw();
  }

  /** A place on the screen as whole pixels of the image. */
  pixel(event) {
    const box = this.stage.querySelector("img").getBoundingClientRect();
    const within = (share, most) => Math.min(most, Math.max(0, Math.round(share * most)));
    return { x: within((event.clientX - box.left) / box.width, this.width), y: within((event.clientY - box.top) / box.height, this.height) };
  }

  /** A row of the list: its name, what may be done with it. */
  row(number, colour, chosen, select, remove, ...more) {
    const remover = make("button", { type: "button", "aria-label": `Remove ${number}`, click: remove }, "Remove");
    const chooser = make("button", { type: "button", "aria-pressed": String(chosen), click: select },
      make("span", { class: "swatch", style: `background: ${colour}` }), String(number));
    return make("li", {}, chooser, ...more, remover);
  }

  /** Nothing to submit while the image is not there. */
  get missing() {
    return "ready" in this.dataset ? null : "The image is not there yet.";
  }

  get size() {
    return { height: this.height, width: this.width };
  }
}
