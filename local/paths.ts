import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** Tools, by version: `$XDG_CACHE_HOME/modelport`, default `~/.cache/modelport`. */
export function cacheDir(): string {
  return path.join(xdg("XDG_CACHE_HOME", ".cache"), "modelport");
}

/** Where V8 keeps compiled code of the program, the CLI and the stand-ins. */
export function compileCacheDir(): string {
  return path.join(cacheDir(), "compile-cache");
}

/** Clusters, stacks and logs: `$XDG_STATE_HOME/modelport`, default `~/.local/state/modelport`. */
export function stateDir(): string {
  return path.join(xdg("XDG_STATE_HOME", ".local/state"), "modelport");
}

/** The checkout this code runs from: the nearest folder upwards that holds Pulumi.yaml. */
export function repositoryRoot(): string {
  for (let dir = __dirname; ; dir = path.dirname(dir)) {
    if (fs.existsSync(path.join(dir, "Pulumi.yaml"))) return dir;
    if (dir === path.dirname(dir)) throw new Error(`no Pulumi.yaml above ${__dirname}`);
  }
}

/** The XDG specification ignores relative values; so do we. */
function xdg(variable: string, fallback: string): string {
  const value = process.env[variable];
  return value !== undefined && path.isAbsolute(value) ? value : path.join(os.homedir(), fallback);
}
