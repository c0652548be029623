// Stand-ins of the small form elements.
import { StandIn, make } from "./base.js";

class TextField extends StandIn {
  build() {
    const passed = ["placeholder", "rows", "type", "min", "max"];
    const limits = { maxlength: this.getAttribute("max-length"), minlength: this.getAttribute("min-length") };
    this.control = make(this.constructor.control, {
      ...Object.fromEntries(passed.map((name) => [name, this.getAttribute(name)])), ...limits, required: this.hasAttribute("required"),
    });
    this.control.value = this.getAttribute("value") ?? "";
    this.shadowRoot.append(make("label", { class: "field" }, this.getAttribute("label") ?? this.getAttribute("name") ?? "", this.control));
  }

  get value() {
    return this.control.value || undefined; // an empty field is not part of the answer
  }

  get missing() {
    return this.hasAttribute("required") && !this.control.value ? `Fill in: ${this.getAttribute("label") ?? this.getAttribute("name")}` : null;
  }
}

export class CrowdInput extends TextField {
  static control = "input";
}

export class CrowdTextArea extends TextField {
  static control = "textarea";
}

class Flag extends StandIn {
  build() {
    this.control = make("input", { type: this.constructor.type, change: () => this.changed() });
    this.control.checked = this.hasAttribute("checked");
    this.shadowRoot.append(make("label", { class: "choice" }, this.control, make("slot")));
  }

  get checked() {
    return this.control.checked;
  }

  set checked(state) {
    this.control.checked = state;
  }

  get flags() {
    return { [this.getAttribute("value") ?? "on"]: this.checked };
  }

  changed() {}
}

export class CrowdCheckbox extends Flag {
  static type = "checkbox";

  get missing() {
    return this.hasAttribute("required") && !this.checked ? `Tick: ${this.textContent.trim()}` : null;
  }
}

export class CrowdToggleButton extends CrowdCheckbox {}

export class CrowdRadioButton extends Flag {
  static type = "radio";

  /** Only one of a group is chosen; outside of a group, buttons do not know of each other. */
  changed() {
    for (const other of this.closest("crowd-radio-group")?.querySelectorAll("crowd-radio-button") ?? []) {
      if (other !== this) other.checked = false;
    }
  }
}

export class CrowdSlider extends StandIn {
  build() {
    const range = Object.fromEntries(["min", "max", "step"].map((name) => [name, this.getAttribute(name)]));
    const named = document.getElementById(this.getAttribute("aria-labelledby") ?? "");
    const shown = make("output", {});
    this.control = make("input", { type: "range", ...range, "aria-label": named?.textContent ?? this.getAttribute("name"), input: () => show() });
    if (this.hasAttribute("value")) this.control.value = this.getAttribute("value");
    const show = () => { shown.value = this.control.value; };
    show();
    this.shadowRoot.append(make("div", { class: "bar" }, this.control, shown));
  }

  get value() {
    return this.control.valueAsNumber;
  }
}
