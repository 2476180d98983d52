import { PROJECT, removeCommand, setCommand, type FaultContext } from "./faults";
import { keysOf, recordAt, type ServiceDraft } from "./drafts";
import { checkPods } from "./check-pods";
import { checkBuild } from "./service-build";
import { checkExposure } from "./service-exposure";
import type { Fault } from "../errors";
import { GRPC_PORT, METRICS_PORT, OWN_VARIABLES } from "../server-environment";
import { choice, suggestion } from "../suggestion";

const SOURCES = ["models", "image", "build"] as const;

/** Keys that mean something to the built-in server only. */
const BUILT_IN = ["versions", "apiKeys", "server"] as const;

/** What a service's own schema can't say: which keys go together, and what is there on disk. */
export function checkService(
  name: string,
  service: ServiceDraft,
  context: FaultContext,
  models: readonly string[],
): Fault[] {
  const { stack } = context;
  const at = `${PROJECT}:services.${name}`;
  const sources = SOURCES.filter((key) => key in service);
  const common = [
    ...checkBuild(at, service, context),
    ...checkExposure(at, service, context),
    ...checkPods(at, name, service, context),
    ...platformFaults(at, service, stack),
    ...portVariableFaults(at, service, stack),
  ];
  if (sources.length !== 1) return [sourceFault(at, sources, stack, models), ...common];
  return sources[0] === "models"
    ? [...common, ...modelFaults(at, service, stack, models), ...builtInFaults(at, service, stack)]
    : [...common, ...ownFaults(at, service, stack)];
}

function sourceFault(
  at: string,
  sources: readonly string[],
  stack: string,
  models: readonly string[],
): Fault {
  return {
    key: at,
    got: sources.length === 0 ? "neither models, image nor build" : sources.join(" and "),
    allowed: "exactly one of models (built-in server), image, build (any container)",
    fix:
      sources.length === 0
        ? setCommand(`${at}.models[0]`, models[0] ?? "iris", stack)
        : removeCommand(`${at}.${sources.at(-1) ?? ""}`, stack),
  };
}

function modelFaults(
  at: string,
  service: ServiceDraft,
  stack: string,
  there: readonly string[],
): Fault[] {
  const models: unknown[] = Array.isArray(service.models) ? service.models : [];
  const missing = models.flatMap((model, index): Fault[] => {
    if (typeof model !== "string" || there.includes(model)) return [];
    const key = `${at}.models[${index}]`;
    return [
      {
        key,
        got: `"${model}", but there is no app/models/${model}/model.json`,
        allowed: choice(model, there),
        fix: setCommand(key, suggestion(model, there) ?? there[0] ?? "iris", stack),
      },
    ];
  });
  const named = models.filter((model) => typeof model === "string");
  const pins = keysOf(service.versions).filter((model) => !named.includes(model));
  return [
    ...missing,
    ...defaultModelFaults(at, service, named, stack),
    ...pins.map((model) => ({
      key: `${at}.versions.${model}`,
      got: "a model that the service doesn't have",
      allowed: choice(model, named),
      fix: removeCommand(`${at}.versions.${model}`, stack),
    })),
  ];
}

/** The server ends at its start without its default model. */
function defaultModelFaults(
  at: string,
  service: ServiceDraft,
  models: readonly string[],
  stack: string,
): Fault[] {
  const wanted = recordAt(service, "env")["DEFAULT_MODEL"];
  if (wanted === undefined || models.some((model) => model === wanted)) return [];
  const key = `${at}.env.DEFAULT_MODEL`;
  return [
    {
      key,
      got: "a model that the service doesn't have",
      allowed: `${choice(typeof wanted === "string" ? wanted : "", models)}; without the key the first`,
      fix: removeCommand(key, stack),
    },
  ];
}

/** Of every kind of container. */
function portVariableFaults(at: string, service: ServiceDraft, stack: string): Fault[] {
  return "PORT" in recordAt(service, "env") ? [ownVariableFault(at, "PORT", stack)] : [];
}

const ownVariableFault = (at: string, variable: string, stack: string): Fault => ({
  key: `${at}.env.${variable}`,
  got: "a variable that modelport sets itself",
  allowed: OWN_VARIABLES[variable] ?? "",
  fix: removeCommand(`${at}.env.${variable}`, stack),
});

function builtInFaults(at: string, service: ServiceDraft, stack: string): Fault[] {
  const faults: Fault[] = keysOf(service.env)
    .filter((variable) => variable in OWN_VARIABLES && variable !== "PORT")
    .map((variable) => ownVariableFault(at, variable, stack));
  if (service.port === GRPC_PORT || service.port === METRICS_PORT)
    faults.push({
      key: `${at}.port`,
      got: String(service.port),
      allowed: `any but ${GRPC_PORT} (gRPC) and ${METRICS_PORT} (metrics)`,
      fix: removeCommand(`${at}.port`, stack),
    });
  for (const [key, allowed] of [
    ["prediction", "nothing: the built-in server is proven with its models' golden answers"],
    ["dev", "nothing: `modelport dev` knows how to run the built-in server"],
  ] as const)
    if (service[key] !== undefined)
      faults.push({
        key: `${at}.${key}`,
        got: "a setting of own containers, beside models",
        allowed,
        fix: removeCommand(`${at}.${key}`, stack),
      });
  return faults;
}

/** Images that are built here are built for the nodes. */
function platformFaults(at: string, service: ServiceDraft, stack: string): Fault[] {
  return service.platform === undefined || service.image !== undefined
    ? []
    : [
        {
          key: `${at}.platform`,
          got: "a ready image's setting, without image",
          allowed: "nothing: what is built is built for the nodes",
          fix: removeCommand(`${at}.platform`, stack),
        },
      ];
}

function ownFaults(at: string, service: ServiceDraft, stack: string): Fault[] {
  const misplaced = BUILT_IN.filter((key) => key in service).map((key) => ({
    key: `${at}.${key}`,
    got: "a setting of the built-in server",
    allowed: "nothing, beside image or build",
    fix: removeCommand(`${at}.${key}`, stack),
  }));
  if (service.prediction !== undefined) return misplaced;
  return [
    ...misplaced,
    {
      key: `${at}.prediction`,
      got: "nothing",
      allowed: "the request that proves an own container, e.g. {path: /predict, body: {...}}",
      fix: setCommand(`${at}.prediction.path`, "/predict", stack),
    },
  ];
}
