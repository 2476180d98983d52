import { PROJECT, removeCommand, setCommand, type FaultContext } from "./config-faults";
import type { ServiceConfig } from "./config-schema";
import type { Fault } from "./errors";
import { GRPC_PORT, METRICS_PORT, OWN_VARIABLES } from "./server-environment";
import { choice, suggestion } from "./suggestion";

/** As it was read, before anything of it was found right. */
type Draft = Partial<Record<keyof ServiceConfig, unknown>>;

const SOURCES = ["models", "image", "build"] as const;

/** Keys that mean something to the built-in server only. */
const BUILT_IN = ["versions", "apiKeys", "server"] as const;

/** What a service's own schema can't say: which keys go together, and what is there on disk. */
export function checkService(
  name: string,
  service: Draft,
  { stack, secret }: Pick<FaultContext, "stack" | "secret">,
  models: readonly string[],
): Fault[] {
  const at = `${PROJECT}:services.${name}`;
  const sources = SOURCES.filter((key) => key in service);
  if (sources.length !== 1) return [sourceFault(at, sources, stack, models)];
  return sources[0] === "models"
    ? [
        ...modelFaults(at, service, stack, models),
        ...builtInFaults(at, service, stack),
        ...apiKeyFaults(at, service, stack, secret("services")),
      ]
    : ownFaults(at, service, stack);
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

function modelFaults(at: string, service: Draft, stack: string, there: readonly string[]): Fault[] {
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
    ...pins.map((model) => ({
      key: `${at}.versions.${model}`,
      got: "a model that the service doesn't have",
      allowed: choice(model, named),
      fix: removeCommand(`${at}.versions.${model}`, stack),
    })),
  ];
}

function builtInFaults(at: string, service: Draft, stack: string): Fault[] {
  const faults: Fault[] = keysOf(service.env)
    .filter((variable) => variable in OWN_VARIABLES && variable !== "PORT")
    .map((variable) => ({
      key: `${at}.env.${variable}`,
      got: "a variable that modelport sets itself",
      allowed: OWN_VARIABLES[variable] ?? "",
      fix: removeCommand(`${at}.env.${variable}`, stack),
    }));
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

/** Pulumi tells of the section as a whole whether something in it is secret. */
function apiKeyFaults(at: string, service: Draft, stack: string, isSecret: boolean): Fault[] {
  return isSecret
    ? []
    : keysOf(service.apiKeys).map((holder) => ({
        key: `${at}.apiKeys.${holder}`,
        got: "plain text",
        allowed: "a secret",
        fix: setCommand(`${at}.apiKeys.${holder}`, "", stack, true),
      }));
}

function ownFaults(at: string, service: Draft, stack: string): Fault[] {
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

const keysOf = (value: unknown): string[] =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
