import { createHash } from "node:crypto";
import type { ModelStatus, ServedVersion } from "../data-plane";
import type { ModelVersion } from "../model-metadata";
import { escape } from "./escape";
import { renderFields } from "./fields";
import { SCRIPT } from "./script";
import { STYLE } from "./style";

export interface Page {
  readonly html: string;
  /** Allows this page's own style and script, by hash, and requests to this server; nothing else. */
  readonly contentSecurityPolicy: string;
}

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src '${hash(STYLE)}'`,
  `script-src '${hash(SCRIPT)}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * The page a browser gets at `/`: a version of a model, how well it does, and a form that asks it.
 * @param models to choose from
 * @param keys whether predictions need an API key: then there is a field for it
 */
export function renderPage(
  served: ServedVersion,
  models: readonly ModelStatus[],
  keys: boolean,
): Page {
  const { metadata, version, facts } = served;
  const { name, title, description, framework, labels = [], inputs, examples } = metadata;
  const target = `predict${queryOf(name, version)}`;
  const body = JSON.stringify({ instances: examples.slice(0, 1).map(({ instance }) => instance) });
  const buttons = examples.map(
    (example) =>
      `<button type="button" data-instance="${escape(JSON.stringify(example.instance))}">${escape(example.title)}</button>`,
  );
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)} · modelport</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
${renderPicker(name, version, models)}
</header>
<p>${escape(description)}</p>
<dl>
<dt>Model</dt><dd>${escape(name)}, version ${escape(version)}</dd>
${renderFacts(facts, queryOf(name, version))}<dt>Trained with</dt><dd>${escape(framework.name)} ${escape(framework.version)}</dd>
</dl>
<form data-target="${escape(target)}" data-single="${String(inputs.length === 1)}" data-labels="${escape(JSON.stringify(labels))}">
${keys ? '<label>API key<input type="password" id="key" autocomplete="off"></label>\n' : ""}${renderFields(metadata)}
<button>Predict</button>
<div class="examples">Try ${buttons.join("\n")}</div>
<output aria-live="polite"></output>
</form>
<h2>From a program</h2>
<pre>curl ${keys ? `-H "X-API-Key: $KEY" ` : ""}-d ${escape(quoteForShell(body))} \\
  '<span id="url">/${escape(target)}</span>'</pre>
<ul>
<li>TensorFlow Serving: <code>/v1/models/${escape(name)}:predict</code></li>
<li>Open Inference Protocol: <code>/v2/models/${escape(name)}/infer</code></li>
<li><a href="openapi.json">OpenAPI document</a></li>
</ul>
<script>${SCRIPT}</script>
</body>
</html>
`;
  return { html, contentSecurityPolicy: CONTENT_SECURITY_POLICY };
}

/** Nothing where there is nothing to choose. */
function renderPicker(name: string, version: string, models: readonly ModelStatus[]): string {
  const choices = models.flatMap((model) =>
    model.versions
      .filter(({ state }) => state === "ready")
      .map((own) => ({ name: model.name, version: own.version })),
  );
  if (choices.length < 2) return "";
  const options = choices.map((choice) => {
    const selected = choice.name === name && choice.version === version ? " selected" : "";
    return `<option value="${escape(queryOf(choice.name, choice.version))}"${selected}>${escape(choice.name)} ${escape(choice.version)}</option>`;
  });
  return `<select id="model" aria-label="Model and version">\n${options.join("\n")}\n</select>`;
}

function renderFacts({ evaluation, trainedOn }: ModelVersion, query: string): string {
  let facts = "";
  if (evaluation !== undefined) {
    const { metric, score, testRows } = evaluation;
    const told =
      metric === "accuracy"
        ? `${(100 * score).toFixed(1)} % of ${testRows} held-back rows`
        : `${metric} ${score} on ${testRows} held-back rows`;
    facts += `<dt>Test score</dt><dd>${escape(told)} (<a href="score${escape(query)}">as data</a>)</dd>\n`;
  }
  if (trainedOn !== undefined) facts += `<dt>Trained on</dt><dd>${escape(trainedOn)}</dd>\n`;
  return facts;
}

function queryOf(name: string, version: string): string {
  return `?model=${encodeURIComponent(name)}&version=${encodeURIComponent(version)}`;
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
