import { isRecord, keysOf, recordAt, serviceDrafts, type ServiceDraft } from "./drafts";
import { removeCommand, setCommand, type FaultContext, type Values } from "./faults";
import { POD_SECURITY_LEVELS } from "./service-pods";
import type { Fault } from "../errors";
import { STORAGE_REQUEST } from "../manifests/container";
import { stackNamespace } from "../naming";
import { choice } from "../suggestion";
import {
  isByteQuantity,
  isCpuQuantity,
  mebibytes,
  milliCores,
  type ByteQuantity,
  type CpuQuantity,
} from "../units";

/** Below it only root may listen. */
const FIRST_FREE_PORT = 1024;

/** What the schema can't say of a service's pods: which settings go together. @param at the service's key */
export function checkPods(
  at: string,
  name: string,
  service: ServiceDraft,
  context: FaultContext,
): Fault[] {
  const { stack, values } = context;
  return [
    ...scaleFaults(at, service, stack),
    ...resourceFaults(at, service, stack),
    ...securityFaults(at, service, stack),
    ...namespaceFaults(at, name, service, context),
    ...networkFaults(at, name, service, values, stack),
    ...transformFaults(at, service, stack),
  ];
}

function scaleFaults(at: string, service: ServiceDraft, stack: string): Fault[] {
  const { autoscaling, replicas } = service;
  if (!isRecord(autoscaling)) return [];
  const faults: Fault[] = [];
  if (replicas !== undefined)
    faults.push({
      key: `${at}.replicas`,
      got: `${show(replicas)}, beside autoscaling`,
      allowed: "nothing: autoscaling.minReplicas and maxReplicas say how many pods there are",
      fix: removeCommand(`${at}.replicas`, stack),
    });
  const { minReplicas = 2, maxReplicas } = autoscaling;
  if (isNumber(minReplicas) && isNumber(maxReplicas) && minReplicas > maxReplicas)
    faults.push({
      key: `${at}.autoscaling.maxReplicas`,
      got: String(maxReplicas),
      allowed: `at least minReplicas, ${minReplicas}`,
      fix: setCommand(`${at}.autoscaling.maxReplicas`, String(minReplicas), stack),
    });
  return faults;
}

/** Kubernetes refuses pods that ask for more than they may have; the defaults stand for what isn't given. */
function resourceFaults(at: string, service: ServiceDraft, stack: string): Fault[] {
  const { resources } = service;
  const given = isRecord(resources) ? resources : {};
  const { cpu = "100m", cpuLimit = "1", memory = "160Mi", memoryLimit = "320Mi" } = given;
  const fault = (key: string, limit: unknown, least: unknown): Fault => ({
    key: `${at}.resources.${key}`,
    got: `${String(limit)}, less than what is asked for`,
    allowed: `at least ${String(least)}`,
    fix: setCommand(`${at}.resources.${key}`, String(least), stack),
  });
  const faults: Fault[] = [];
  const [cores, coresLimit] = [cpu, cpuLimit].map(String);
  if (isCpu(cores) && isCpu(coresLimit) && milliCores(cores) > milliCores(coresLimit))
    faults.push(fault("cpuLimit", cpuLimit, cpu));
  if (isBytes(memory) && isBytes(memoryLimit) && mebibytes(memory) > mebibytes(memoryLimit))
    faults.push(fault("memoryLimit", memoryLimit, memory));
  const disk = String(given["ephemeralStorage"]);
  if (isBytes(disk) && mebibytes(disk) < mebibytes(STORAGE_REQUEST))
    faults.push(fault("ephemeralStorage", disk, STORAGE_REQUEST));
  return faults;
}

function securityFaults(at: string, service: ServiceDraft, stack: string): Fault[] {
  const given = recordAt(service, "podSecurity");
  const { level = "restricted", reason, runAsUser, readOnlyRootFilesystem } = given;
  const faults: Fault[] = [];
  const weaker = [
    ...(level === "restricted" ? [] : [`level ${show(level)}`]),
    ...(readOnlyRootFilesystem === false ? ["a writable root file system"] : []),
  ];
  if (weaker.length > 0 && reason === undefined)
    faults.push({
      key: `${at}.podSecurity.reason`,
      got: `nothing, for ${weaker.join(" and ")}`,
      allowed: "the reason in a sentence, for whoever reviews this",
      fix: setCommand(`${at}.podSecurity.reason`, "<why it needs that>", stack),
    });
  if (runAsUser === 0 && level === "restricted")
    faults.push({
      key: `${at}.podSecurity.runAsUser`,
      got: "0, root, at level restricted",
      allowed: "another user; or level baseline with a reason",
      fix: setCommand(`${at}.podSecurity.level`, "baseline", stack),
    });
  const { port } = service;
  if (isNumber(port) && port >= 1 && port < FIRST_FREE_PORT && runAsUser !== 0)
    faults.push({
      key: `${at}.port`,
      got: `${port}, which only root may listen on`,
      allowed: `${FIRST_FREE_PORT} to 65535; or podSecurity {level: baseline, runAsUser: 0, reason: …}`,
      fix: setCommand(`${at}.port`, "8080", stack),
    });
  return faults;
}

/** A namespace has one level, which all services in it need: none is opened for the sake of a neighbour. */
function namespaceFaults(
  at: string,
  name: string,
  service: ServiceDraft,
  { stack, values }: FaultContext,
): Fault[] {
  const level = levelOf(service);
  if (level === "restricted") return [];
  const namespaceOf = ({ namespace = stackNamespace(stack) }: ServiceDraft) => namespace;
  const neighbour = serviceDrafts(values).find(
    ([other, draft]) =>
      other !== name && namespaceOf(draft) === namespaceOf(service) && levelOf(draft) !== level,
  );
  if (neighbour === undefined) return [];
  const [other, draft] = neighbour;
  return [
    {
      key: `${at}.namespace`,
      got: `the namespace of service ${other}, whose pod security level is ${levelOf(draft)}`,
      allowed: `a namespace in which every service has level ${level}`,
      fix: setCommand(`${at}.namespace`, `modelport-${stack}-${name}`, stack),
    },
  ];
}

function levelOf(service: ServiceDraft): string {
  const { level } = recordAt(service, "podSecurity");
  return POD_SECURITY_LEVELS.find((known) => known === level) ?? "restricted";
}

function networkFaults(
  at: string,
  name: string,
  service: ServiceDraft,
  values: Values,
  stack: string,
): Fault[] {
  const others = keysOf(values["services"]).filter((other) => other !== name);
  const network = recordAt(service, "network");
  return ["allowFrom", "allowTo"].flatMap((list) => {
    const peers = network[list];
    if (!Array.isArray(peers)) return [];
    return peers.flatMap((peer: unknown, index): Fault[] => {
      const other = isRecord(peer) ? peer["service"] : undefined;
      if (typeof other !== "string" || others.includes(other)) return [];
      const key = `${at}.network.${list}[${index}].service`;
      return [
        {
          key,
          got: show(other),
          allowed: `another service of this stack: ${choice(other, others)}`,
          fix: removeCommand(`${at}.network.${list}[${index}]`, stack),
        },
      ];
    });
  });
}

/** Kinds that a service only has with other settings; those in front of it depend on the target too. */
function transformFaults(at: string, service: ServiceDraft, stack: string): Fault[] {
  const { autoscaling, replicas = 2 } = service;
  const least = isRecord(autoscaling) ? (autoscaling["minReplicas"] ?? 2) : replicas;
  const missing: Readonly<Record<string, string>> = {
    ...(autoscaling === undefined ? { HorizontalPodAutoscaler: "autoscaling" } : {}),
    ...(least === 1 ? { PodDisruptionBudget: "two pods or more" } : {}),
  };
  return keysOf(service.transform).flatMap((kind): Fault[] =>
    missing[kind] === undefined
      ? []
      : [absentKind(`${at}.transform.${kind}`, `it has one with ${missing[kind]} only`, stack)],
  );
}

/** A patch over an object that isn't there. */
export function absentKind(key: string, why: string, stack: string): Fault {
  return {
    key,
    got: "a patch over an object that the service doesn't have",
    allowed: `nothing: ${why}`,
    fix: removeCommand(key, stack),
  };
}

const isNumber = (value: unknown): value is number => typeof value === "number";
const isCpu = (text: unknown): text is CpuQuantity =>
  typeof text === "string" && isCpuQuantity(text);
const isBytes = (text: unknown): text is ByteQuantity =>
  typeof text === "string" && isByteQuantity(text);
const show = (value: unknown) => JSON.stringify(value);
