/** The reference page: every key of a stack's config. */
import type { Key, Sections, Shape } from "./shape";

const HEAD = `<!-- Made by \`npm run docs\` from infra/config; edit the doc comments there. -->

# Config

All keys of a \`Pulumi.<stack>.yaml\`, each below \`modelport:\`. A key without "required" can be left out. What is marked *secret* is set by
\`pulumi config set --secret --path 'modelport:<key>' --stack <stack>\`. The file's first line tells editors about the same schema:
\`# yaml-language-server: $schema=schema/modelport.schema.json\`.

A wrong value is refused before anything is touched, all faults at once, each with what is allowed and the command that mends it.

## target

Required. \`embedded\`, \`existing\`, \`gke\`, \`iks\`, \`minikube\` or \`openshift\`: the platform of this stack. The section of that name holds its settings.
`;

export function reference({ common, targets }: Sections): string {
  return [HEAD, ...[...common, ...Object.values(targets)].map(section)].join("\n");
}

function section({ name, comment, shape }: Key): string {
  const named = shape.kind === "record" ? `${name}.&lt;name>` : name;
  return `## ${named}\n\n${escape(comment)}\n\n${bullets(shape, 0)}\n`;
}

function bullets(shape: Shape, depth: number): string {
  switch (shape.kind) {
    case "value":
      return "";
    case "object":
      return shape.keys.map((key) => bullet(key, depth)).join("\n");
    case "record":
      return bullets(shape.value, depth);
    case "list":
      return bullets(shape.element, depth);
    case "union":
      return shape.options
        .map((option) => bullets(option, depth))
        .filter((text) => text !== "")
        .join("\n");
  }
}

function bullet(key: Key, depth: number): string {
  const marks = [key.required ? "required" : "", key.secret ? "*secret*" : ""].filter(
    (mark) => mark !== "",
  );
  const kind = [words(key.shape), ...marks].join("; ");
  const line = `${"  ".repeat(depth)}- **\`${key.name}\`** (${kind}) ${escape(sentence(key))}`;
  const inner = bullets(key.shape, depth + 1);
  return inner === "" ? line.trimEnd() : `${line.trimEnd()}\n${inner}`;
}

/** The comment, with the default where it doesn't say it, and an example. */
function sentence({ comment, default: preset, examples }: Key): string {
  const [example] = examples;
  return [
    comment,
    preset === undefined || typeof preset === "object" || comment.includes("Default:")
      ? ""
      : `Default: ${JSON.stringify(preset)}.`,
    example === undefined ? "" : `Example: \`${asYaml(example)}\`.`,
  ]
    .filter((part) => part !== "")
    .join(" ");
}

const asYaml = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function words(shape: Shape): string {
  switch (shape.kind) {
    case "value":
      return escape(shape.words);
    case "object":
      return "object";
    case "record":
      return `by name: ${words(shape.value)}`;
    case "list":
      return `list: ${words(shape.element)}`;
    case "union":
      return [...new Set(shape.options.map(words))].join(", or ");
  }
}

/** What Markdown would take for its own. */
const escape = (text: string) => text.replaceAll("<", "&lt;").replaceAll(/(?<!`)\*(?!`)/g, "\\*");
