import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { cacheDir, compileCacheDir, repositoryRoot, stateDir } from "../paths";
import type { Progress } from "../progress";
import { ensureTools } from "./ensure";
import { run } from "./run";
import { canReach } from "./sources/download";
import { isExecutable } from "./sources/path";

/** The provider plugins that have a stand-in in local/providers. */
const PLUGINS = ["kubernetes", "docker"] as const;
type Plugin = (typeof PLUGINS)[number];

/** Where `pulumi plugin install` downloads from, by redirect to the project's releases. */
const PLUGIN_SERVER = "https://get.pulumi.com";
const RETRY_DOWNLOADS_MS = 24 * 3600_000;

export interface StandIns {
  /** The folder that has them; holds nothing when every plugin is an official one. */
  dir: string;
  /** Whether the folder must be on PATH for the engine to find them. */
  onPath: boolean;
  /** The plugins that have no official version here. */
  used: Plugin[];
}

/**
 * Makes `pulumi-resource-<name>` for each plugin that is neither installed nor could be downloaded.
 * They run the bundles in this checkout's dist/, which the caller has built.
 */
export async function ensureStandIns(o: { progress: Progress }): Promise<StandIns> {
  const standIns = standInsDir();
  fs.mkdirSync(standIns, { recursive: true });
  const { node, pulumi } = await ensureTools(["node", "pulumi"], o);
  const used: Plugin[] = [];
  for (const plugin of PLUGINS) {
    const file = path.join(standIns, `pulumi-resource-${plugin}`);
    if (hasOfficial(plugin, pulumi.dir) || (await install(plugin, file, pulumi.bin, o.progress))) {
      fs.rmSync(file, { force: true });
    } else {
      write(file, standIn(plugin, node.bin["node"] ?? "node"));
      if (ownsPulumiHome()) link(plugin, file);
      used.push(plugin);
    }
  }
  return { dir: standIns, onPath: used.length > 0 && !ownsPulumiHome(), used };
}

/** One per checkout, because each runs its own checkout's code. */
export function standInsDir(): string {
  const checkout = createHash("sha256").update(repositoryRoot()).digest("hex").slice(0, 12);
  return path.join(cacheDir(), "stand-ins", checkout);
}

export function pulumiHome(): string {
  return process.env["PULUMI_HOME"] ?? ownPulumiHome();
}

function ownPulumiHome(): string {
  return path.join(stateDir(), "pulumi-home");
}

/** Nothing but official plugins goes into a PULUMI_HOME of the user's. */
function ownsPulumiHome(): boolean {
  return pulumiHome() === ownPulumiHome();
}

/** Among the installed plugins, where the engine takes them from without the warning it has for those on PATH. */
function link(plugin: Plugin, standIn: string): void {
  const folder = installedFolder(plugin);
  const file = path.join(folder, path.basename(standIn));
  fs.mkdirSync(folder, { recursive: true });
  if (fs.existsSync(file) && fs.readlinkSync(file) === standIn) return;
  const partial = `${file}.${process.pid}`;
  fs.symlinkSync(standIn, partial);
  fs.renameSync(partial, file);
}

function installedFolder(plugin: Plugin): string {
  return path.join(pulumiHome(), "plugins", `resource-${plugin}-v${sdkVersion(plugin)}`);
}

/** The engine wants the SDK's version, or a newer one. */
function sdkVersion(plugin: Plugin): string {
  const file = path.join(repositoryRoot(), "node_modules", "@pulumi", plugin, "package.json");
  return (JSON.parse(fs.readFileSync(file, "utf8")) as { version: string }).version;
}

/** In the places where the engine looks, and in its order. */
function hasOfficial(plugin: Plugin, pulumiDir: string): boolean {
  const name = `pulumi-resource-${plugin}`;
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  // The cache may be behind a link.
  const ownFolders = fs.realpathSync(path.dirname(standInsDir()));
  return [...folders, pulumiDir, installedFolder(plugin)].some((folder) => {
    const file = path.join(folder, name);
    return isExecutable(file) && path.dirname(path.dirname(fs.realpathSync(file))) !== ownFolders;
  });
}

/** Tries the official download; where there was none a while ago, not again before tomorrow. */
async function install(
  plugin: Plugin,
  standIn: string,
  bin: Record<string, string>,
  progress: Progress,
): Promise<boolean> {
  const triedAt = fs.statSync(standIn, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (Date.now() - triedAt < RETRY_DOWNLOADS_MS) return false;
  if (!(await canReach(PLUGIN_SERVER))) return false;
  fs.rmSync(path.join(installedFolder(plugin), path.basename(standIn)), { force: true });
  const version = sdkVersion(plugin);
  const step = progress.step(`Pulumi plugin ${plugin} ${version}: downloading`);
  const args = ["plugin", "install", "resource", plugin, version];
  const { code } = await run(bin["pulumi"] ?? "pulumi", args, {
    env: { PULUMI_HOME: pulumiHome(), PULUMI_SKIP_UPDATE_CHECK: "1" },
    timeoutSeconds: 300,
    onLine: (line) => step.update(line.trim()),
  });
  if (code === 0) step.done();
  else step.fail("using the stand-in");
  return code === 0;
}

function standIn(plugin: Plugin, node: string): string {
  const bundle = path.join(repositoryRoot(), "dist", `provider-${plugin}.js`);
  return `#!/bin/sh\nexport NODE_COMPILE_CACHE="${compileCacheDir()}"\nexec "${node}" "${bundle}" "$@"\n`;
}

/** Keeps the time of a file that needs no change: it tells when a download was last tried. */
function write(file: string, text: string): void {
  const age = Date.now() - (fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  const same = age < RETRY_DOWNLOADS_MS && fs.readFileSync(file, "utf8") === text;
  if (same) return;
  const partial = `${file}.${process.pid}`;
  fs.writeFileSync(partial, text, { mode: 0o755 });
  fs.renameSync(partial, file);
}
