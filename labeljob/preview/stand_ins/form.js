// crowd-form: collects the answers of its elements, by name, into one object, as the service does.
import { StandIn, make } from "./base.js";
import { send } from "./result.js";

const NATIVE = "input, textarea, select";

export class CrowdForm extends HTMLElement {
  connectedCallback() {
    if (this.form) return;
    this.form = make("form", {});
    this.form.append(...this.childNodes);
    this.append(this.form);
    if (!this.querySelector('crowd-button[form-action="submit"]')) {
      this.form.append(make("div", { class: "submit" }, make("button", { type: "submit", class: "primary" }, "Submit")));
    }
    // On the root, so that what the page itself listens for comes first and may say no.
    this.getRootNode().addEventListener("submit", (event) => this.submitted(event));
  }

  submitted(event) {
    if (event.target !== this.form || event.defaultPrevented) return;
    event.preventDefault();
    const unfinished = this.fields().find((field) => field.missing);
    this.alert?.remove();
    if (unfinished) {
      this.alert = make("p", { class: "problems unfinished", role: "alert" }, unfinished.missing);
      this.form.append(this.alert);
    } else {
      send(this.answer());
    }
  }

  /** Named elements that answer, in document order; crowd-entity-annotation holds its form inside itself. */
  fields() {
    const host = this.getRootNode().host;
    const inside = [...this.form.querySelectorAll("[name]")].filter(
      (field) => (field instanceof StandIn || field.matches(NATIVE)) && field.closest("crowd-form") === this);
    return host instanceof StandIn ? [host, ...inside] : inside;
  }

  /** The answer of each element by name; those that have none are left out. */
  answer() {
    const answers = {};
    for (const field of this.fields()) {
      const name = field.getAttribute("name");
      const flags = flagsOf(field);
      const value = flags ? { ...answers[name], ...flags } : field.value;
      if (name && value !== undefined) answers[name] = value;
    }
    return answers;
  }
}

/** What buttons and boxes of one name add to its answer: {value: whether it is chosen}. */
function flagsOf(field) {
  if (field instanceof StandIn) return field.flags;
  return ["radio", "checkbox"].includes(field.type) ? { [field.value]: field.checked } : undefined;
}

export class CrowdButton extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    this.attachShadow({ mode: "open" }).append(make("button", { type: "button", click: () => this.press() }, make("slot")));
  }

  press() {
    if (this.getAttribute("form-action") === "submit") this.closest("form")?.requestSubmit();
    if (this.getAttribute("form-action") === "reset") this.closest("form")?.reset();
  }
}
