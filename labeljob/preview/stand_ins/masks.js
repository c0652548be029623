// Stand-ins of the mask elements: rectangles painted in the colour of a category or of an instance.
import { COLOURS, make, readMask } from "./base.js";
import { ImageWidget } from "./image.js";

class MaskWidget extends ImageWidget {
  static hint = "Drag to paint a rectangle, or to erase one.";

  async open() {
    this.changed = false;
    const initial = this.json("initial-value", null);
    const colours = initial ? this.takeInitial(initial) : [];
    this.canvas = (initial && await readMask(this, initial.src, colours)) ?? make("canvas", { width: this.width, height: this.height });
    if (this.canvas.width !== this.width || this.canvas.height !== this.height) {
      this.report(`the initial mask is ${this.canvas.width}x${this.canvas.height}, the image ${this.width}x${this.height}`);
    }
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.drawing = make("svg", {
      class: "drawing", viewBox: `0 0 ${this.width} ${this.height}`,
      pointerdown: (event) => this.press(event), pointermove: (event) => this.drag(event), pointerup: () => this.release(),
    });
    this.stage.append(this.canvas, this.drawing);
    this.eraser = make("button", { type: "button", "aria-pressed": "false", click: () => this.toggleEraser() }, "Erase");
    this.tools = make("div", { class: "bar" }, this.eraser);
    this.stage.before(this.tools);
  }

  toggleEraser() {
    this.erasing = !this.erasing;
    this.eraser.setAttribute("aria-pressed", String(this.erasing));
  }

  choose(label) {
    if (this.erasing) this.toggleEraser();
    super.choose(label);
  }

  press(event) {
    const at = this.pixel(event);
    this.drawing.setPointerCapture(event.pointerId);
    this.dragged = { from: at, to: at };
  }

  drag(event) {
    if (!this.dragged) return;
    this.dragged.to = this.pixel(event);
    const [x, y, width, height] = rectangle(this.dragged);
    this.drawing.replaceChildren(make("svg:rect", { class: "shape draft", x, y, width, height, stroke: "#000" }));
  }

  release() {
    if (!this.dragged) return;
    const place = rectangle(this.dragged);
    this.dragged = null;
    this.drawing.replaceChildren();
    if (!place[2] || !place[3]) return;
    if (this.erasing) {
      this.context.clearRect(...place);
    } else {
      this.context.fillStyle = this.ink();
      this.context.fillRect(...place);
    }
    this.changed = true;
    this.draw();
  }

  /** Which of some colours are on the mask. */
  used(colours) {
    const { data } = this.context.getImageData(0, 0, this.width, this.height);
    const seen = new Set();
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3]) seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    }
    return colours.filter((colour) => seen.has(parseInt(colour.slice(1), 16)));
  }

  /** Take the pixels of a colour off the mask. */
  wipe(colour) {
    const image = this.context.getImageData(0, 0, this.width, this.height);
    const wanted = parseInt(colour.slice(1), 16);
    for (let at = 0; at < image.data.length; at += 4) {
      const found = (image.data[at] << 16) | (image.data[at + 1] << 8) | image.data[at + 2];
      if (found === wanted) image.data[at + 3] = 0;
    }
    this.context.putImageData(image, 0, 0);
  }

  get png() {
    return { pngImageData: this.canvas.toDataURL("image/png").split(",")[1] };
  }
}

export class CrowdSemanticSegmentation extends MaskWidget {
  takeInitial({ labelMappings }) {
    this.mappings = labelMappings;
    for (const name of Object.keys(labelMappings)) {
      if (!this.labels.includes(name)) this.report(`initial-value has the label ${JSON.stringify(name)}, which is not in labels`);
    }
    return Object.values(labelMappings).map((entry) => entry.color.toLowerCase());
  }

  colour(label) {
    const given = this.mappings?.[label]?.color.toLowerCase();
    if (given || !this.mappings) return given ?? super.colour(label);
    const taken = Object.values(this.mappings).map((entry) => entry.color.toLowerCase());
    const free = COLOURS.filter((colour) => !taken.includes(colour));
    return free[this.labels.filter((name) => !this.mappings[name]).indexOf(label) % free.length];
  }

  ink() {
    return this.colour(this.current);
  }

  draw() {
    this.drawPalette();
  }

  get value() {
    const names = [...new Set([...this.labels, ...Object.keys(this.mappings ?? {})])];
    const used = this.used(names.map((name) => this.colour(name)));
    const mappings = names.filter((name) => used.includes(this.colour(name))).map((name) => [name, { color: this.colour(name) }]);
    return {
      ...(this.mappings ? { initialValueModified: this.changed } : {}),
      inputImageProperties: this.size, labelMappings: Object.fromEntries(mappings), labeledImage: this.png,
    };
  }
}

export class CrowdInstanceSegmentation extends MaskWidget {
  async open() {
    this.instances = [];
    await super.open();
    this.tools.append(make("button", { type: "button", click: () => this.begin() }, "New instance"));
  }

  takeInitial({ instances }) {
    this.instances = instances.map(({ color, label }) => ({ color: color.toLowerCase(), label }));
    return this.instances.map((instance) => instance.color);
  }

  /** A new instance of the chosen category, in a colour of its own. */
  begin() {
    const taken = new Set(this.instances.map((instance) => instance.color));
    let colour = COLOURS.find((free) => !taken.has(free));
    for (let number = 1; !colour || taken.has(colour); number += 1) colour = `#${(number * 0x3f1d47 & 0xffffff).toString(16).padStart(6, "0")}`;
    this.chosen = { color: colour, label: this.current };
    this.instances.push(this.chosen);
    this.draw();
  }

  choose(label) {
    this.chosen = null;
    super.choose(label);
  }

  ink() {
    if (!this.chosen) this.begin();
    return this.chosen.color;
  }

  draw() {
    this.drawPalette();
    this.list.replaceChildren(...this.instances.map((instance, place) => this.row(
      place + 1, instance.color, instance === this.chosen, () => this.select(instance), () => this.remove(instance),
      make("span", { class: "grow" }, instance.label))));
  }

  select(instance) {
    this.current = instance.label;
    this.chosen = instance;
    this.draw();
  }

  remove(instance) {
    this.wipe(instance.color);
    this.instances = this.instances.filter((other) => other !== instance);
    if (this.chosen === instance) this.chosen = null;
    this.changed = true;
    this.draw();
  }

  get value() {
    const used = this.used(this.instances.map((instance) => instance.color));
    return { inputImageProperties: this.size, instances: this.instances.filter((one) => used.includes(one.color)), labeledImage: this.png };
  }
}

function rectangle({ from, to }) {
  return [Math.min(from.x, to.x), Math.min(from.y, to.y), Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
}
