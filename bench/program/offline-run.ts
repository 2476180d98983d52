import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { repositoryRoot } from "../../local/paths";
import type { TargetName } from "../../infra/config/target-names";

/** The least that a target's section must hold. */
const SECTIONS: Readonly<Record<TargetName, object>> = {
  embedded: {},
  existing: { registry: { server: "registry.example.com" } },
  gke: { project: "my-project-123" },
  iks: { registryNamespace: "acme-models" },
  minikube: {},
  openshift: { registryNamespace: "acme-models" },
};

/** A service without a build: what is measured is the program, not the staging of images. */
const READY = {
  image: `us.icr.io/acme-models/own@sha256:${"a".repeat(64)}`,
  prediction: { body: {} },
};

/** Writes a stack's file with so many services. @returns its path */
export function stackFile(folder: string, target: TargetName, services: number): string {
  const file = path.join(folder, `Pulumi.${target}${services}.yaml`);
  const names = Array.from({ length: services }, (_, index) => `iris-${index + 1}`);
  const config = {
    "modelport:target": target,
    [`modelport:${target}`]: SECTIONS[target],
    "modelport:services": Object.fromEntries(
      // Objects of their own: YAML would write aliases.
      names.map((name) => [name, services === 1 ? READY : { models: ["iris"] }]),
    ),
  };
  fs.writeFileSync(file, stringify({ config }));
  return file;
}

export interface OfflineRun {
  /** Until the program registers its first resource. */
  readonly startSeconds: number;
  /** Until the process has ended. */
  readonly seconds: number;
  /** Resident at most, in megabytes. */
  readonly megabytes: number;
  readonly resources: number;
  /** Pulumi's packages that were loaded. */
  readonly packages: readonly string[];
}

/** One offline run in a process of its own, as the CLI starts it. dist/offline.js must be up to date. */
export function offlineRun(file: string): OfflineRun {
  const root = repositoryRoot();
  const seen = `${file}.seen.json`;
  const preload = [path.join(root, "infra", "lean-pulumi.js"), path.join(__dirname, "watch.js")];
  const requires = preload.flatMap((script) => ["--require", script]);
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...requires, path.join(root, "dist", "offline.js"), file],
    {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 256 * 1024 * 1024,
      env: { ...process.env, MODELPORT_WATCH: seen },
    },
  );
  const seconds = (performance.now() - began) / 1000;
  if (status !== 0) throw new Error(stderr);
  const { resources } = JSON.parse(stdout) as { resources: unknown[] };
  const { packages, kilobytes, startMs } = JSON.parse(fs.readFileSync(seen, "utf8")) as {
    packages: string[];
    kilobytes: number;
    startMs: number;
  };
  return {
    startSeconds: startMs / 1000,
    seconds,
    megabytes: kilobytes / 1024,
    resources: resources.length,
    packages,
  };
}
