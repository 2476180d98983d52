import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import type { OfflineRendering, OfflineResource } from "../infra/offline";
import { UserError } from "../local/errors";
import { repositoryRoot } from "../local/paths";
import { build } from "./build";
import type { StackContext } from "./session";

/** First line of every rendered manifest. */
const MARK =
  "# offline: rendered with mocked providers; what only a real run knows reads <…>, digests are zeros\n";

/** @returns the resource graph and the manifests under mocked providers, for people or as JSON */
export async function renderOffline(
  context: StackContext,
  format: "graph" | "json",
): Promise<string> {
  const rendering = await run(context.stack);
  if (format === "json") return `${JSON.stringify(rendering, undefined, 2)}\n`;
  const { resources, manifests, target } = rendering;
  const lines = [
    `stack ${context.stack}, target ${target}: offline, with mocked providers, from an empty state`,
    ...exampleLines(rendering),
    ...graphLines(context.stack, resources),
    "",
    ...manifests.map((manifest) => `---\n${stringify(manifest).trimEnd()}`),
    "",
    `${resources.length} resources to create, ${manifests.length} of them Kubernetes objects`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Writes one YAML file an object, in the order to apply them. @returns their names */
export async function writeManifests(context: StackContext, folder: string): Promise<string[]> {
  const { manifests } = await run(context.stack);
  fs.mkdirSync(folder, { recursive: true });
  const digits = String(manifests.length).length;
  return manifests.map((manifest, index) => {
    const { kind, metadata } = manifest as { kind?: string; metadata?: { name?: string } };
    const number = String(index + 1).padStart(digits, "0");
    const file = `${number}-${(kind ?? "object").toLowerCase()}-${metadata?.name ?? "unnamed"}.yaml`;
    fs.writeFileSync(path.join(folder, file), MARK + stringify(manifest));
    return file;
  });
}

function exampleLines({ examples }: OfflineRendering): string[] {
  const entries = Object.entries(examples);
  if (entries.length === 0) return [];
  return [
    "these values of its file are placeholders; examples stand for them:",
    ...entries.map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`),
  ];
}

/** As Pulumi draws it: children below the component they belong to. */
export function graphLines(stack: string, resources: readonly OfflineResource[]): string[] {
  const rows: [string, string][] = [["pulumi:pulumi:Stack", stack]];
  const draw = (parent: string | undefined, indent: string) => {
    const children = resources.filter((resource) => resource.parent === parent);
    for (const [index, { type, name }] of children.entries()) {
      const last = index === children.length - 1;
      rows.push([`${indent}${last ? "└─ " : "├─ "}${type}`, name]);
      draw(`${type}::${name}`, `${indent}${last ? "   " : "│  "}`);
    }
  };
  draw(undefined, "");
  const width = Math.max(...rows.map(([type]) => type.length));
  return rows.map(([type, name]) => ` + ${type.padEnd(width)}  ${name}`);
}

/** In a process of its own: Pulumi's mocks are global. */
async function run(stack: string): Promise<OfflineRendering> {
  const root = repositoryRoot();
  build(["offline", "server"]);
  const lean = ["--require", path.join(root, "infra", "lean-pulumi.js")];
  const program = path.join(root, "dist", "offline.js");
  const child = spawn(process.execPath, [...lean, program, stack], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new UserError(stderr.trim());
  return JSON.parse(stdout) as OfflineRendering;
}
