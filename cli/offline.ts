import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import type { OfflineRendering } from "../infra/offline";
import { UserError } from "../local/errors";
import { repositoryRoot } from "../local/paths";
import { build } from "./build";
import type { StackContext } from "./session";

/** @returns the resource graph and the manifests under mocked providers, for people or as JSON */
export async function renderOffline(
  context: StackContext,
  format: "graph" | "json",
): Promise<string> {
  const rendering = await run(context.stack);
  if (format === "json") return `${JSON.stringify(rendering, undefined, 2)}\n`;
  const { resources, manifests } = rendering;
  const width = Math.max(...resources.map(({ type }) => type.length));
  const lines = [
    `stack ${context.stack}, target ${context.settings.target}: offline, with mocked providers, from an empty state`,
    ...resources.map(({ type, name }) => ` + ${type.padEnd(width)}  ${name}`),
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
    fs.writeFileSync(path.join(folder, file), stringify(manifest));
    return file;
  });
}

/** In a process of its own: Pulumi's mocks are global. */
async function run(stack: string): Promise<OfflineRendering> {
  const root = repositoryRoot();
  build(["offline", "server"]);
  const child = spawn(process.execPath, [path.join(root, "dist", "offline.js"), stack], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new UserError(stderr.trim());
  return JSON.parse(stdout) as OfflineRendering;
}
