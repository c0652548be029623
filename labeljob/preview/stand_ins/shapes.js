// Stand-ins of the geometric elements: boxes, polygons, polylines, lines, keypoints.
import { make } from "./base.js";
import { ImageWidget } from "./image.js";

const CLOSE = 10; // screen pixels within which a click on the first point closes a polygon
const MOVING = "Select one by its number to move it by mouse or arrow keys, Delete removes it.";
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Items are {label, points}; a box has two opposite corners. */
class ShapeWidget extends ImageWidget {
  async open() {
    this.items = [];
    this.changed = false;
    this.initial().forEach((part) => this.take(part));
    this.drawing = make("svg", {
      class: "drawing", viewBox: `0 0 ${this.width} ${this.height}`, tabindex: 0, role: "application", "aria-label": this.constructor.hint,
      pointerdown: (event) => this.press(event), pointermove: (event) => this.drag(event), pointerup: () => this.release(),
      dblclick: () => this.finish(), keydown: (event) => this.key(event),
    });
    this.stage.append(this.drawing);
  }

  initial() {
    const given = this.json("initial-value", []);
    return Array.isArray(given) ? given : given[this.constructor.key] ?? [];
  }

  take(part) {
    if (this.labels.includes(part.label)) this.items.push({ label: part.label, points: this.read(part) });
    else this.report(`initial-value has the label ${JSON.stringify(part.label)}, which is not in labels: it is not drawn`);
  }

  read(part) {
    return part.vertices.map(({ x, y }) => ({ x, y }));
  }

  write({ label, points }) {
    return { label, vertices: points };
  }

  press(event) {
    const at = this.pixel(event);
    if (event.target.classList.contains("selected")) {
      this.moving = { from: at, points: this.selected.points };
      this.drawing.setPointerCapture(event.pointerId);
      return;
    }
    this.add(at, event);
    this.draw();
  }

  add(at) {
    const points = this.draft?.points ?? [];
    const last = points.at(-1);
    if (last && last.x === at.x && last.y === at.y) return; // the second click of a double click
    if (this.constructor.closed && points.length > 2 && this.near(at, points[0])) {
      this.finish();
      return;
    }
    this.draft = { label: this.current, points: [...points, at] };
    if (this.draft.points.length === this.constructor.most) this.finish();
  }

  near(one, other) {
    const scale = this.drawing.getBoundingClientRect().width / this.width;
    return Math.hypot(one.x - other.x, one.y - other.y) * scale < CLOSE;
  }

  drag(event) {
    if (!this.moving) return;
    const at = this.pixel(event);
    this.shift(at.x - this.moving.from.x, at.y - this.moving.from.y, this.moving.points);
  }

  /** Move the selected item, as far as the image goes. */
  shift(dx, dy, points) {
    const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
    const stepX = Math.min(this.width - Math.max(...xs), Math.max(-Math.min(...xs), dx));
    const stepY = Math.min(this.height - Math.max(...ys), Math.max(-Math.min(...ys), dy));
    this.selected.points = points.map(({ x, y }) => ({ x: x + stepX, y: y + stepY }));
    this.changed = true;
    this.draw();
  }

  release() {
    this.moving = null;
  }

  finish() {
    if (this.draft && this.draft.points.length >= this.constructor.least) {
      this.items.push(this.draft);
      this.changed = true;
    }
    this.draft = null;
    this.draw();
  }

  key(event) {
    const step = STEPS[event.key];
    if (event.key === "Enter") this.finish();
    else if (event.key === "Escape") this.draft = this.selected = null;
    else if (event.key === "Delete" && this.selected) this.remove(this.selected);
    else if (step && this.selected) this.shift(step[0], step[1], this.selected.points);
    else return;
    event.preventDefault();
    this.draw();
  }

  remove(item) {
    this.items = this.items.filter((other) => other !== item);
    if (this.selected === item) this.selected = null;
    this.changed = true;
    this.draw();
  }

  draw() {
    this.drawPalette();
    const dot = (3.5 * this.width) / Math.max(1, this.stage.clientWidth || this.width);
    const shapes = this.items.map((item) => this.shape(item, item === this.selected ? "shape selected" : "shape", dot));
    if (this.draft) shapes.push(this.shape(this.draft, "shape draft", dot));
    this.drawing.replaceChildren(...shapes);
    this.list.replaceChildren(...this.items.map((item, place) => this.itemRow(item, place + 1)));
  }

  itemRow(item, number) {
    const select = make("select", { "aria-label": `Category of ${number}`, change: (event) => this.rename(item, event.target.value) },
      ...this.labels.map((label) => make("option", { selected: label === item.label }, label)));
    const toggle = () => { this.selected = this.selected === item ? null : item; this.draw(); };
    return this.row(number, this.colour(item.label), item === this.selected, toggle, () => this.remove(item), select);
  }

  rename(item, label) {
    item.label = label;
    this.changed = true;
    this.draw();
  }

  shape({ label, points }, style, dot) {
    const colour = this.colour(label);
    const path = points.map(({ x, y }) => `${x},${y}`).join(" ");
    const line = this.constructor.closed && !style.includes("draft") ? "svg:polygon" : "svg:polyline";
    const fill = line === "svg:polygon" ? colour : "none";
    return make("svg:g", {}, make(line, { class: style, points: path, stroke: colour, fill }, make("svg:title", {}, label)),
      ...points.map(({ x, y }) => make("svg:circle", { class: "point", cx: x, cy: y, r: dot, fill: colour })));
  }

  get value() {
    const flagged = this.constructor.flagged && this.hasAttribute("initial-value");
    const parts = (this.items ?? []).map((item) => this.write(item));
    return { ...(flagged ? { initialValueModified: this.changed } : {}), inputImageProperties: this.size, [this.constructor.key]: parts };
  }
}

export class CrowdBoundingBox extends ShapeWidget {
  static key = "boundingBoxes";
  static flagged = true;
  static hint = `Drag to draw a box. ${MOVING}`;

  read({ left, top, width, height }) {
    return [{ x: left, y: top }, { x: left + width, y: top + height }];
  }

  write({ label, points: [one, other] }) {
    const [left, top] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
    return { height: Math.abs(other.y - one.y), label, left, top, width: Math.abs(other.x - one.x) };
  }

  add(at, event) {
    this.draft = { label: this.current, points: [at, at] };
    this.drawing.setPointerCapture(event.pointerId);
  }

  drag(event) {
    super.drag(event);
    if (!this.draft) return;
    this.draft.points = [this.draft.points[0], this.pixel(event)];
    this.draw();
  }

  release() {
    super.release();
    if (!this.draft) return;
    const { width, height } = this.write(this.draft);
    if (!width || !height) this.draft = null;
    this.finish();
  }

  finish() {
    if (this.draft) this.items.push(this.draft);
    this.changed ||= Boolean(this.draft);
    this.draft = null;
    this.draw();
  }

  shape(item, style) {
    const { left: x, top: y, width, height } = this.write(item);
    const colour = this.colour(item.label);
    return make("svg:rect", { class: style, x, y, width, height, stroke: colour, fill: colour }, make("svg:title", {}, item.label));
  }
}

export class CrowdPolygon extends ShapeWidget {
  static key = "polygons";
  static closed = true;
  static least = 3;
  static hint = `Click point by point; a click on the first point or Enter closes the polygon, Escape gives it up. ${MOVING}`;
}

export class CrowdPolyline extends ShapeWidget {
  static key = "polylines";
  static flagged = true;
  static least = 2;
  static hint = `Click point by point; Enter ends the polyline, Escape gives it up. ${MOVING}`;
}

export class CrowdLine extends ShapeWidget {
  static key = "lines";
  static flagged = true;
  static least = 2;
  static most = 2;
  static hint = `Click on one end, then on the other; Escape gives the line up. ${MOVING}`;
}

export class CrowdKeypoint extends ShapeWidget {
  static key = "keypoints";
  static least = 1;
  static most = 1;
  static hint = `Click to set a point. ${MOVING}`;

  read({ x, y }) {
    return [{ x, y }];
  }

  write({ label, points: [{ x, y }] }) {
    return { label, x, y };
  }

  shape({ label, points: [{ x, y }] }, style, dot) {
    const colour = this.colour(label);
    return make("svg:circle", { class: `${style} point`, cx: x, cy: y, r: 1.6 * dot, fill: colour }, make("svg:title", {}, label));
  }
}
