import * as fs from "node:fs";
import * as path from "node:path";
import { UserError } from "../local/errors";
import { cacheDir, stateDir } from "../local/paths";
import { cloudNeeds, cloudNotes, isRented } from "./doctor/cloud";
import type { Finding } from "./doctor/finding";
import { existingCluster, imageBuilder } from "./doctor/reach";
import { checkEmbedded, ownsCluster } from "./embedded";
import { checkConfig, existingParent } from "./precheck";
import type { StackContext } from "./session";
import { capture, which } from "./shell";
import { missingForMinikube } from "./stack";

const TIMEOUT_MS = 5000;
const OLDEST_GO = [1, 21] as const;
/** Building the tools takes this much for a while; what is left of them and the cluster's images less. */
const FREE_BYTES = { building: 6e9, running: 2e9 };

/** Targets that images are built for here, and pushed to; those in a cloud aside. */
const PUSHING: readonly string[] = ["existing"];

/** Looks at everything at once; changes nothing. */
export async function examine(context: StackContext): Promise<Finding[]> {
  const { target } = context.settings;
  const building = !isCached("pulumi") || (ownsCluster(target) && !isCached("kubernetes"));
  const asked = await Promise.all([
    config(context),
    ...(ownsCluster(target) ? [machine()] : []),
    pulumi(),
    go(building),
    registry(building),
    ...(PUSHING.includes(target) ? [existingCluster(context)] : []),
    ...(PUSHING.includes(target) || isRented(target) ? [imageBuilder(context)] : [docker(target)]),
  ]);
  const cloud = isRented(target)
    ? [...(await cloudNeeds(context)), ...(await cloudNotes(context))]
    : [];
  return [node(), ...asked, disk(building), ...cloud];
}

function node(): Finding {
  return { name: "Node", state: "good", detail: `${process.version} (${process.execPath})` };
}

async function config(context: StackContext): Promise<Finding> {
  const name = "stack config";
  return attempt(name, `Pulumi.${context.stack}.yaml`, () => checkConfig(context, true));
}

/** Root, control groups, addresses and ports: what the embedded cluster itself checks before it starts. */
async function machine(): Promise<Finding> {
  return attempt("machine", "root, ports and addresses for the embedded cluster", checkEmbedded);
}

async function attempt(name: string, good: string, check: () => Promise<void>): Promise<Finding> {
  try {
    await check();
    return { name, state: "good", detail: good };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { message, why, fix } = error;
    const detail = why === undefined ? message : `${message}: ${why}`;
    return { name, state: "missing", detail, ...(fix === undefined ? {} : { fix }) };
  }
}

async function pulumi(): Promise<Finding> {
  const name = "Pulumi";
  const found = which("pulumi");
  if (found !== undefined) {
    const { stdout } = await capture(found, ["version"], TIMEOUT_MS);
    return { name, state: "good", detail: `${stdout.trim()} (${found})` };
  }
  return isCached("pulumi")
    ? { name, state: "good", detail: `in ${cacheDir()}` }
    : { name, state: "optional", detail: "not here yet; `up` fetches or builds it" };
}

async function go(building: boolean): Promise<Finding> {
  const name = "Go";
  const state = building ? "missing" : "optional";
  const fix = "install Go from https://go.dev/dl or your distribution";
  const found = which("go");
  if (found === undefined)
    return {
      name,
      state,
      detail: "not on PATH; tools are built with it where none can be downloaded",
      fix,
    };
  const { stdout } = await capture(found, ["env", "GOVERSION"], TIMEOUT_MS);
  const [major = 0, minor = 0] = stdout.replace(/^go/, "").split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_GO;
  const fits = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  const detail = `${stdout.trim()} (${found})`;
  return fits
    ? { name, state: "good", detail }
    : { name, state, detail: `${detail} is older than ${OLDEST_GO.join(".")}`, fix };
}

/** One small request to the npm registry, with npm's own proxy and certificate settings. */
async function registry(building: boolean): Promise<Finding> {
  const name = "network";
  const args = ["view", "semver", "version", "--fetch-retries=0", `--fetch-timeout=${TIMEOUT_MS}`];
  const { code } = await capture("npm", args, 2 * TIMEOUT_MS);
  if (code === 0) return { name, state: "good", detail: "the npm registry answers" };
  return {
    name,
    state: building ? "missing" : "optional",
    detail: "the npm registry doesn't answer",
    fix: "check the network, `npm config get registry` and the proxy settings",
  };
}

async function docker(target: string): Promise<Finding> {
  const name = "minikube, Docker";
  const missing = await missingForMinikube();
  if (missing === undefined) return { name, state: "good", detail: "both answer" };
  const needed = target === "minikube";
  return {
    name,
    state: needed ? "missing" : "optional",
    detail: needed ? missing : `${missing}; needed by stacks on minikube only`,
    fix: "start Docker and install minikube, or use another stack",
  };
}

function disk(building: boolean): Finding {
  const needed = building ? FREE_BYTES.building : FREE_BYTES.running;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  for (const folder of [cacheDir(), stateDir()]) {
    const { bavail, bsize } = fs.statfsSync(existingParent(folder));
    if (bavail * bsize < needed)
      return {
        name: "disk",
        state: "missing",
        detail: `${gigabytes(bavail * bsize)} are free for ${folder}, ${gigabytes(needed)} are needed`,
        fix: "free some space, or set XDG_CACHE_HOME and XDG_STATE_HOME to another disk",
      };
  }
  return { name: "disk", state: "good", detail: `more than ${gigabytes(needed)} free` };
}

function isCached(tool: string): boolean {
  return fs.existsSync(path.join(cacheDir(), "tools", tool));
}
