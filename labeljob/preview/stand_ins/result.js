// What became of an answer: shown under the page, with the label it is consolidated to.
import { make } from "./base.js";

/** Send an answer to the preview server and show what came of it. */
export async function send(answer) {
  let outcome;
  try {
    const reply = await fetch("/answers", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(answer) });
    outcome = reply.ok ? await reply.json() : { error: await reply.text() };
  } catch (failure) {
    outcome = { error: `the preview has ended: ${failure.message}` };
  }
  document.querySelector("preview-result")?.remove();
  const result = make("preview-result", { class: "result", role: "status", style: "display: block" }, ...parts(answer, outcome));
  Object.assign(result, { answer, outcome });
  document.body.append(result);
  result.scrollIntoView({ block: "nearest" });
}

function parts(answer, outcome) {
  const shown = [make("h2", {}, "Answer"), make("pre", {}, readable(answer))];
  if (outcome.error) return [...shown, make("p", { class: "problems" }, outcome.error)];
  const workers = outcome.workers === 1 ? "this worker alone" : `${outcome.workers} workers`;
  return [
    ...shown,
    make("h2", {}, `Label of ${workers}`),
    ...outcome.pictures.map((url) => make("img", { src: url, alt: "Mask of the label" })),
    make("pre", {}, readable(outcome.label)),
    make("div", { class: "bar" },
      make("button", { type: "button", click: () => location.reload() }, "Answer as another worker"),
      make("button", { type: "button", click: startOver }, "Start over")),
  ];
}

async function startOver() {
  await fetch("/answers", { method: "DELETE" });
  location.reload();
}

/** JSON with long base64 cut short, for people. */
function readable(document) {
  return JSON.stringify(document, (_, value) =>
    typeof value === "string" && value.length > 400 && /^[\w+/=]+$/.test(value) ? `${value.slice(0, 40)}... (${value.length} characters)` : value, 2);
}
