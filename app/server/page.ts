import { createHash } from "node:crypto";
import type { ServedVersion } from "./data-plane";

export interface Page {
  readonly html: string;
  /** Allows this page's own style and script, by hash, and requests to this server; nothing else. */
  readonly contentSecurityPolicy: string;
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --edge: #8886; --mark: #2a6fdb; }
body { max-width: 36rem; margin: 3rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { opacity: .7; }
dd { margin: 0; }
form { display: grid; gap: .5rem; border: 1px solid var(--edge); border-radius: .5rem; padding: 1rem; }
label { display: grid; grid-template-columns: 1fr 8rem; align-items: center; }
input, button { font: inherit; padding: .3rem .6rem; }
output { display: block; min-height: 6rem; margin-top: 1rem; }
meter { width: 100%; }
pre { overflow-x: auto; border: 1px solid var(--edge); border-radius: .5rem; padding: .75rem; }
`;

const SCRIPT = `
const form = document.querySelector("form");
const output = document.querySelector("output");
const labels = JSON.parse(form.dataset.labels);
const inputs = [...form.querySelectorAll("input")];
const line = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
async function predict() {
  const instance = inputs.map((input) => input.valueAsNumber);
  try {
    const response = await fetch("predict", { method: "POST", body: JSON.stringify({ instances: [instance] }) });
    const answer = await response.json();
    if (!response.ok) throw new Error([answer.field, answer.error].filter(Boolean).join(": "));
    const [{ label, probabilities }] = answer.predictions;
    output.replaceChildren(line("strong", label), ...probabilities.flatMap((probability, i) => [
      line("div", labels[i] + " " + (100 * probability).toFixed(1) + " %"),
      Object.assign(document.createElement("meter"), { value: probability, ariaLabel: labels[i] }),
    ]));
  } catch (error) {
    output.replaceChildren(line("strong", "No answer"), line("div", error.message));
  }
}
document.querySelector("#url").textContent = new URL("predict", location.href).href;
form.addEventListener("submit", (event) => { event.preventDefault(); predict(); });
for (const button of form.querySelectorAll("button[data-instance]"))
  button.addEventListener("click", () => {
    JSON.parse(button.dataset.instance).forEach((value, i) => { inputs[i].value = value; });
    predict();
  });
`;

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src '${hash(STYLE)}'`,
  `script-src '${hash(SCRIPT)}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The page a browser gets at `/`: the default model, how well it does, and a form that asks it. */
export function renderPage({ metadata, version, facts }: ServedVersion): Page {
  const [first] = metadata.examples;
  const fields = metadata.inputs[0].features.map(
    (feature, i) =>
      `<label>${escape(feature)}<input type="number" step="any" required value="${first?.instance[i] ?? 0}"></label>`,
  );
  const examples = metadata.examples.map(
    ({ title, instance }) =>
      `<button type="button" data-instance="${escape(JSON.stringify(instance))}">${escape(title)}</button>`,
  );
  const body = JSON.stringify({ instances: [first?.instance ?? []] });
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(metadata.title)} · modelport</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escape(metadata.title)}</h1>
<p>${escape(metadata.description)}</p>
<dl>
<dt>Model</dt><dd>${escape(metadata.name)}, version ${escape(version)}</dd>
<dt>Test score</dt><dd>${percent(facts.score)} of ${facts.testRows} held-back rows (<a href="score">as data</a>)</dd>
<dt>Trained with</dt><dd>${escape(metadata.framework.name)} ${escape(metadata.framework.version)}</dd>
</dl>
<form data-labels="${escape(JSON.stringify(metadata.labels))}">
${fields.join("\n")}
<button>Predict</button>
<div>Try ${examples.join("\n")}</div>
<output aria-live="polite"></output>
</form>
<p>From a program:</p>
<pre>curl -d '${escape(body)}' <span id="url">/predict</span></pre>
<script>${SCRIPT}</script>
</body>
</html>
`;
  return { html, contentSecurityPolicy: CONTENT_SECURITY_POLICY };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For element content and quoted attributes. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
