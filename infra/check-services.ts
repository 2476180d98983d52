import * as fs from "node:fs";
import * as path from "node:path";
import { absentKind } from "./config/check-pods";
import { ownFiles } from "./components/own-files";
import { PROJECT, removeCommand, setCommand } from "./config/faults";
import type { ServiceConfig } from "./config/service";
import { pinnedPlatform } from "./dockerfile";
import type { Fault } from "./errors";
import { checkExposures } from "./exposures";
import { readModel } from "./models";
import type { Target } from "./targets/target";
import { choice, suggestion } from "./suggestion";

/** What a fault of a service is told with. */
interface Facts {
  readonly config: ServiceConfig;
  readonly target: Target;
  /** The checkout. */
  readonly root: string;
  readonly stack: string;
  /** The service's key. */
  readonly at: string;
}

/** What right services want and this target can't do, and what isn't there on disk: everything at once, before anything is registered. */
export function checkServices(
  services: Readonly<Record<string, ServiceConfig>>,
  target: Target,
  root: string,
  stack: string,
): Fault[] {
  const faults = Object.entries(services).flatMap(([name, config]) => {
    const facts = { config, target, root, stack, at: `${PROJECT}:services.${name}` };
    return [
      ...gpuFaults(facts),
      ...metricFaults(facts),
      ...cpuFaults(facts),
      ...versionFaults(facts),
      ...userFaults(facts),
      ...platformFaults(facts),
      ...buildFaults(facts),
      ...gitFaults(facts),
      ...transformFaults(facts),
    ];
  });
  return [...checkExposures(services, target, stack), ...faults];
}

function gpuFaults({ at, config, target, stack }: Facts): Fault[] {
  if (config.gpu === undefined) return [];
  const { gpu } = target.capabilities;
  if (gpu === undefined)
    return [
      {
        key: `${at}.gpu`,
        got: `GPUs, on target ${target.name}`,
        allowed: "nothing: its nodes, as configured, have no GPU",
        fix: removeCommand(`${at}.gpu`, stack),
      },
    ];
  const { type } = config.gpu;
  const types = Object.keys(gpu.types);
  if (type === undefined || types.includes(type)) return [];
  const key = `${at}.gpu.type`;
  const meant = suggestion(type, types) ?? types[0];
  return [
    {
      key,
      got: JSON.stringify(type),
      allowed: choice(type, types),
      fix: meant === undefined ? removeCommand(key, stack) : setCommand(key, meant, stack),
    },
  ];
}

function metricFaults({ at, config, target, stack }: Facts): Fault[] {
  if (config.autoscaling?.metric === undefined || target.capabilities.customMetrics) return [];
  const key = `${at}.autoscaling.metric`;
  return [
    {
      key,
      got: `a metric of the pods, on target ${target.name}`,
      allowed: "autoscaling.cpuPercent: this cluster serves no custom metrics API",
      fix: removeCommand(key, stack),
    },
  ];
}

/** An autoscaler without its metric says `<unknown>` and leaves the pods as they are. */
function cpuFaults({ at, config, target, stack }: Facts): Fault[] {
  const { autoscaling } = config;
  const follows = autoscaling?.metric === undefined || autoscaling.cpuPercent !== undefined;
  if (autoscaling === undefined || !follows || target.capabilities.cpuMetrics !== false) return [];
  return [
    {
      key: `${at}.autoscaling`,
      got: `autoscaling by CPU, on target ${target.name}`,
      allowed: "replicas: this cluster serves no metrics of CPU, metrics.k8s.io",
      fix: removeCommand(`${at}.autoscaling`, stack),
    },
  ];
}

/** A model that can't be read is told once that is tried. */
function versionFaults({ at, config, root, stack }: Facts): Fault[] {
  return Object.entries(config.versions).flatMap(([model, pins]): Fault[] => {
    const there = versionsOf(root, model);
    const missing = pins.filter((pin) => there?.includes(pin) === false);
    if (there === undefined || missing.length === 0) return [];
    const key = `${at}.versions.${model}`;
    return [
      {
        key,
        got: `${missing.join(", ")}, which app/models/${model}/model.json doesn't have`,
        allowed: `one or more of ${there.join(", ")}`,
        fix: setCommand(key, there.at(-1) ?? "1", stack),
      },
    ];
  });
}

function versionsOf(root: string, model: string): string[] | undefined {
  try {
    return readModel(root, model).versions.map(({ version }) => version);
  } catch {
    return undefined;
  }
}

/** Where the platform assigns users, a fixed one is refused by its admission: OpenShift's restricted-v2. */
function userFaults({ at, config, target, stack }: Facts): Fault[] {
  const { runAsUser } = config.podSecurity;
  if (runAsUser === undefined || target.podSecurity.runAsUser !== undefined) return [];
  const key = `${at}.podSecurity.runAsUser`;
  return [
    {
      key,
      got: String(runAsUser),
      allowed: `nothing: target ${target.name} assigns a user to each namespace; the image must work with any, and listen at 1024 or above`,
      fix: removeCommand(key, stack),
    },
  ];
}

function platformFaults({ at, config, target, stack }: Facts): Fault[] {
  const { platform } = config;
  if (platform === undefined || platform === target.platform) return [];
  const key = `${at}.platform`;
  return [
    {
      key,
      got: `an image for ${platform}`,
      allowed: `one for ${target.platform}, which the nodes are`,
      fix: setCommand(key, target.platform, stack),
    },
  ];
}

function buildFaults({ at, config, target, root, stack }: Facts): Fault[] {
  const { build } = config;
  if (build?.context === undefined) return [];
  const folder = path.resolve(root, build.context);
  if (!fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    return [
      {
        key: `${at}.build.context`,
        got: `${build.context}, which is no folder`,
        allowed: `a folder with a ${build.dockerfile}, seen from ${root}`,
        fix: setCommand(`${at}.build.context`, "<folder>", stack),
      },
    ];
  const file = path.join(folder, build.dockerfile);
  const key = `${at}.build.dockerfile`;
  // Only the folder is staged, and sent to the builder.
  if (!file.startsWith(folder + path.sep) || !fs.existsSync(file))
    return [
      {
        key,
        got: `${build.dockerfile}, which is not in ${build.context}`,
        allowed: "a file of that folder",
        fix: setCommand(key, "<file>", stack),
      },
    ];
  const { loose } = ownFiles(folder, build.dockerfile);
  if (loose.length > 0)
    return [
      {
        key: `${at}.build.context`,
        got: `links that lead out of ${build.context}, or nowhere: ${loose.slice(0, 5).join(", ")}`,
        allowed: "files, and links to what is in the folder: the builder sees nothing else",
        fix: `put there what they stand for (dvc pull, git annex get), or name them in ${build.context}/.dockerignore`,
      },
    ];
  const pinned = pinnedPlatform(fs.readFileSync(file, "utf8"));
  return pinned === undefined || pinned === target.platform
    ? []
    : [
        {
          key,
          got: `an image for ${pinned}: FROM --platform`,
          allowed: `one for ${target.platform}, which the nodes are`,
          fix: `take --platform=${pinned} from the last FROM of ${build.context}/${build.dockerfile}`,
        },
      ];
}

function gitFaults({ at, config, target, stack }: Facts): Fault[] {
  if (config.build?.git === undefined || target.capabilities.gitBuild) return [];
  return [
    {
      key: `${at}.build.git`,
      got: "a build in the cluster, which can't build images",
      allowed: "build.context, a clone here: it doesn't serve build.openshift.io/v1",
      fix: removeCommand(`${at}.build.git`, stack),
    },
  ];
}

/** Kinds that only one exposure makes. */
const FRONT_KINDS = ["Ingress", "Route"] as const;

function transformFaults({ at, config, target, stack }: Facts): Fault[] {
  const exposure = config.exposure ?? target.defaultExposure;
  return FRONT_KINDS.flatMap((kind) =>
    config.transform[kind] === undefined || exposure === kind
      ? []
      : [absentKind(`${at}.transform.${kind}`, `its exposure is ${exposure}`, stack)],
  );
}
