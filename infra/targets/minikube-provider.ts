/**
 * What Pulumi's dynamic provider runs: resources over the minikube CLI. Pulumi serialises these functions into the
 * stack's state and runs them in a process of its own, so they capture nothing but each other, and take Node's modules from
 * `process.getBuiltinModule`.
 */
import type { dynamic } from "@pulumi/pulumi";

/** Inputs of a cluster; all that changes between two of them is found by `diff`. */
export interface ClusterInputs {
  profile: string;
  /** Whether the profile's name is this stack's own; another's profile is started, and never deleted. */
  ours: boolean;
  /** Empty: minikube's choice. */
  driver: string;
  cpus: number;
  memoryMebibytes: number;
  /** Empty: minikube's choice. */
  kubernetesVersion: string;
}

export interface ClusterState extends ClusterInputs {
  kubeconfig: string;
  ip: string;
  /** Whether `destroy` deletes the profile. */
  owned: boolean;
  /** New for each created cluster: a cluster made anew under the same name is another one. */
  incarnation: string;
}

export interface ImageInputs {
  profile: string;
  /** Unique tag in the local Docker daemon. */
  image: string;
  /** Of the built image; another one is loaded again. */
  imageId: string;
  /** Of the cluster; a new cluster holds no images. */
  incarnation: string;
}

export interface AddonInputs {
  profile: string;
  addon: string;
  /** Of the cluster; a new cluster has its own addons only. */
  incarnation: string;
}

export interface AddonState extends AddonInputs {
  /** Whether it was on before: then it stays on. */
  wasEnabled: boolean;
}

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Exit codes: pkg/minikube/reason/exitcodes.go. 85: no such profile; `status` adds bits up to 7. */
const PROFILE_NOT_FOUND = 85;

/** Start downloads images on first use. */
const TIMEOUT_MINUTES = 20;

async function runMinikube(
  args: string[],
  environment: Record<string, string>,
  allowed: number[],
): Promise<Result> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn("minikube", args, {
    env: {
      ...process.env,
      MINIKUBE_IN_STYLE: "false",
      MINIKUBE_WANTUPDATENOTIFICATION: "false",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
    // Not `timeout`: its timer outlives a process that could not be started.
    signal: AbortSignal.timeout(TIMEOUT_MINUTES * 60_000),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT")
        reject(
          new Error(
            "minikube is not on PATH. Install it (https://minikube.sigs.k8s.io/docs/start), or take another stack: npm run up -- --stack local",
          ),
        );
      else if (error.name === "AbortError")
        reject(new Error(`minikube ${args.join(" ")} was ended after ${TIMEOUT_MINUTES} minutes`));
      else reject(error);
    });
    child.on("close", (status, signal) => {
      resolve(status ?? (signal === null ? 1 : 128));
    });
  });
  if (code === 0 || allowed.includes(code)) return { code, stdout, stderr };
  const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== "");
  const first = lines.findIndex((line) =>
    /Exiting due to|^Error:|^[X!*] .*(?:not|fail)/i.test(line),
  );
  const cause = first < 0 ? lines.slice(-12) : lines.slice(first, first + 12);
  throw new Error(`minikube ${args.join(" ")} failed with exit code ${code}:\n${cause.join("\n")}`);
}

/** Runs with a kubeconfig of its own, so that the user's stays as it is, and returns what was written. */
async function runWithKubeconfig(args: string[]): Promise<string> {
  const fs = process.getBuiltinModule("node:fs");
  const path = process.getBuiltinModule("node:path");
  const folder = fs.mkdtempSync(
    path.join(process.getBuiltinModule("node:os").tmpdir(), "modelport-minikube-"),
  );
  const file = path.join(folder, "kubeconfig");
  try {
    await runMinikube(args, { KUBECONFIG: file }, []);
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** "Running", "Stopped", … or "Nonexistent". */
async function hostStatus(profile: string): Promise<string> {
  const allowed = [1, 2, 3, 4, 5, 6, 7, PROFILE_NOT_FOUND];
  const { code, stdout } = await runMinikube(
    ["status", "--profile", profile, "--output", "json"],
    {},
    allowed,
  );
  if (code === PROFILE_NOT_FOUND) return "Nonexistent";
  try {
    const found = JSON.parse(stdout) as { Host?: string } | { Host?: string }[];
    const node = Array.isArray(found) ? found[0] : found;
    return node?.Host ?? "Unknown";
  } catch {
    return "Unknown";
  }
}

/** `start` creates, starts what is stopped, and leaves what runs. */
async function start(inputs: ClusterInputs): Promise<{ kubeconfig: string; ip: string }> {
  const { profile, driver, cpus, memoryMebibytes, kubernetesVersion } = inputs;
  const kubeconfig = await runWithKubeconfig([
    "start",
    "--profile",
    profile,
    "--cpus",
    String(cpus),
    "--memory",
    `${memoryMebibytes}mb`,
    "--embed-certs",
    "--interactive=false",
    ...(driver === "" ? [] : ["--driver", driver]),
    ...(kubernetesVersion === "" ? [] : ["--kubernetes-version", kubernetesVersion]),
  ]);
  const { stdout } = await runMinikube(["ip", "--profile", profile], {}, []);
  return { kubeconfig, ip: stdout.trim() };
}

/** Whether something listens at the kubeconfig's server: in milliseconds, where `minikube status` takes a second. */
async function answers(kubeconfig: string): Promise<boolean> {
  const server = /^\s*server:\s*"?(\S+?)"?\s*$/m.exec(kubeconfig)?.[1];
  if (server === undefined) return false;
  const { hostname, port } = new URL(server);
  const socket = process
    .getBuiltinModule("node:net")
    .connect({ host: hostname, port: port === "" ? 443 : Number(port), timeout: 1000 });
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once("connect", () => {
        resolve(true);
      });
      socket.once("timeout", () => {
        resolve(false);
      });
      socket.once("error", () => {
        resolve(false);
      });
    });
  } finally {
    socket.destroy();
  }
}

export const clusterProvider = {
  async create(inputs: ClusterInputs) {
    const existed = (await hostStatus(inputs.profile)) !== "Nonexistent";
    const started = await start(inputs);
    const incarnation = process.getBuiltinModule("node:crypto").randomUUID();
    const outs = { ...inputs, ...started, owned: inputs.ours || !existed, incarnation };
    return { id: inputs.profile, outs };
  },

  /** Refresh: gone when the profile was deleted; a restarted one may listen on another port. */
  async read(id: string, state: ClusterState) {
    const host = await hostStatus(id);
    if (host === "Nonexistent") return { id: "", props: undefined };
    if (host !== "Running" || (await answers(state.kubeconfig))) return { id, props: state };
    const fresh = await runWithKubeconfig(["update-context", "--profile", id]);
    const server = /^\s*server:.*$/m.exec(fresh)?.[0];
    const kubeconfig =
      server === undefined ? state.kubeconfig : state.kubeconfig.replace(/^\s*server:.*$/m, server);
    const { stdout } = await runMinikube(["ip", "--profile", id], {}, []);
    return { id, props: { ...state, kubeconfig, ip: stdout.trim() } };
  },

  /** minikube changes none of these in place; a cluster that stands still is started, one that is gone made anew. */
  async diff(_id: string, olds: ClusterState, news: ClusterInputs) {
    const fixed = ["profile", "driver", "cpus", "memoryMebibytes", "kubernetesVersion"] as const;
    const replaces: string[] = fixed.filter((key) => olds[key] !== news[key]);
    let changes = replaces.length > 0 || olds.ours !== news.ours;
    if (!changes && !(await answers(olds.kubeconfig))) {
      changes = true;
      if ((await hostStatus(olds.profile)) === "Nonexistent") replaces.push("profile");
    }
    return { changes, replaces, deleteBeforeReplace: true, stables: ["profile"] };
  },

  async update(_id: string, olds: ClusterState, news: ClusterInputs) {
    const { owned, incarnation } = olds;
    return { outs: { ...news, ...(await start(news)), owned: owned || news.ours, incarnation } };
  },

  async delete(id: string, state: ClusterState) {
    if (!state.owned) return;
    await runMinikube(["delete", "--profile", id], {}, [PROFILE_NOT_FOUND]);
  },
};

export const imageProvider = {
  async create(inputs: ImageInputs) {
    const { profile, image } = inputs;
    await runMinikube(["image", "load", image, "--daemon", "--profile", profile], {}, []);
    // It ends well too when nothing was loaded (kubernetes/minikube#16032); `image ls` adds docker.io/ (kubernetes/minikube#19343).
    const { stdout } = await runMinikube(["image", "ls", "--profile", profile], {}, []);
    const found = stdout.split("\n").some((line) => {
      const name = line.trim();
      return (
        name === image || name === `docker.io/${image}` || name === `docker.io/library/${image}`
      );
    });
    if (!found)
      throw new Error(`minikube image load ${image} ended, but the node doesn't have the image`);
    return { id: `${profile}/${image}`, outs: { ...inputs, ref: image } };
  },

  async diff(_id: string, olds: ImageInputs, news: ImageInputs) {
    const keys = ["profile", "image", "imageId", "incarnation"] as const;
    const replaces: string[] = keys.filter((key) => olds[key] !== news[key]);
    return Promise.resolve({ changes: replaces.length > 0, replaces });
  },

  /** Old images stay: a pod that runs one may be restarted during the rollout, and the profile takes them along. */
  async delete() {
    return Promise.resolve();
  },
};

export const addonProvider = {
  async create(inputs: AddonInputs) {
    const { profile, addon } = inputs;
    const { stdout } = await runMinikube(
      ["addons", "list", "--output", "json", "--profile", profile],
      {},
      [],
    );
    const listed = JSON.parse(stdout) as Record<string, { Status?: string } | undefined>;
    const wasEnabled = listed[addon]?.Status === "enabled";
    // Enabling waits until the addon's pods are ready; what is on already is left as it is.
    if (!wasEnabled) await runMinikube(["addons", "enable", addon, "--profile", profile], {}, []);
    return { id: `${profile}/${addon}`, outs: { ...inputs, wasEnabled } };
  },

  async diff(_id: string, olds: AddonInputs, news: AddonInputs) {
    const keys = ["profile", "addon", "incarnation"] as const;
    const replaces: string[] = keys.filter((key) => olds[key] !== news[key]);
    return Promise.resolve({ changes: replaces.length > 0, replaces });
  },

  async delete(_id: string, { profile, addon, wasEnabled }: AddonState) {
    if (wasEnabled) return;
    const allowed = [PROFILE_NOT_FOUND];
    await runMinikube(["addons", "disable", addon, "--profile", profile], {}, allowed);
  },
};

/** The shapes that Pulumi asks for; checked here, so that the functions above keep their own types. */
export const providers = {
  cluster: clusterProvider,
  image: imageProvider,
  addon: addonProvider,
} satisfies Record<string, dynamic.ResourceProvider>;
