import * as pulumi from "@pulumi/pulumi";
import {
  explain,
  placeholders,
  PROJECT,
  removeCommand,
  SECTIONS,
  setCommand,
  unique,
  type FaultContext,
  type Values,
} from "./config-faults";
import { stackSchema, TARGET_NAMES, type StackConfig } from "./config-schema";
import { checkService } from "./config-services";
import { ConfigError, type Fault } from "./errors";
import { choice } from "./suggestion";

export interface RawConfig {
  readonly stack: string;
  /** As Pulumi hands it over: full key to text, objects as JSON. */
  readonly values: Readonly<Record<string, string>>;
  /** Full keys whose value is, or holds, a secret. */
  readonly secretKeys: readonly string[];
  /** Models there are, in app/models. */
  readonly models: readonly string[];
}

/** The stack's config, checked: the only place that reads it. @throws ConfigError with every fault */
export function readConfig(models: readonly string[]): StackConfig {
  const secretKeys = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[];
  const values = pulumi.runtime.allConfig();
  return parseConfig({ stack: pulumi.getStack(), values, secretKeys, models });
}

/** Pure half of `readConfig`. @throws ConfigError with every fault */
export function parseConfig(raw: RawConfig): StackConfig {
  const faults: Fault[] = [];
  const values = collect(raw, faults);
  const context: FaultContext = {
    stack: raw.stack,
    values,
    secret: (section) => raw.secretKeys.includes(`${PROJECT}:${section}`),
  };
  const parsed = stackSchema.safeParse(values);
  if (!parsed.success)
    faults.push(...parsed.error.issues.flatMap((issue) => explain(issue, context)));
  faults.push(...placeholders(values, context));
  // What the schema can't say; asked of what could be read, so that all faults come at once.
  for (const [name, service] of entries(values["services"]))
    faults.push(...checkService(name, service, context, raw.models));
  faults.push(...checkRegistry(values, raw));
  if (!parsed.success || faults.length > 0) throw new ConfigError(raw.stack, unique(faults));
  return parsed.data;
}

/** The project's own keys, objects decoded; anything unknown is a fault. */
function collect(raw: RawConfig, faults: Fault[]): Values {
  const values: Values = {};
  for (const [fullKey, text] of Object.entries(raw.values)) {
    if (!fullKey.startsWith(`${PROJECT}:`)) continue;
    const key = fullKey.slice(PROJECT.length + 1);
    if (SECTIONS.includes(key)) values[key] = key === "target" ? text : decode(text);
    else
      faults.push({
        key: fullKey,
        got: "a key that does not exist",
        allowed: choice(key, SECTIONS),
        fix: removeCommand(fullKey, raw.stack),
      });
  }
  // Pulumi.yaml gives every stack an empty section per target: those of other targets mean nothing.
  for (const section of TARGET_NAMES)
    if (section !== values["target"] && isEmpty(values[section]))
      Reflect.deleteProperty(values, section);
  return values;
}

function decode(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const isEmpty = (value: unknown) =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

function entries(value: unknown): [string, object][] {
  return typeof value === "object" && value !== null
    ? Object.entries(value as Record<string, unknown>).flatMap(
        ([name, service]): [string, object][] =>
          typeof service === "object" && service !== null ? [[name, service]] : [],
      )
    : [];
}

/** The password is a secret, and comes with a user. */
function checkRegistry(values: Values, raw: RawConfig): Fault[] {
  const section = values["existing"] as { registry?: Record<string, unknown> } | undefined;
  if (values["target"] !== "existing" || typeof section?.registry !== "object") return [];
  const { user, password } = section.registry;
  const at = `${PROJECT}:existing.registry`;
  const setPassword = setCommand(`${at}.password`, "", raw.stack, true);
  if (password !== undefined && !raw.secretKeys.includes(`${PROJECT}:existing`))
    return [{ key: `${at}.password`, got: "plain text", allowed: "a secret", fix: setPassword }];
  if ((user === undefined) === (password === undefined)) return [];
  return [
    {
      key: user === undefined ? `${at}.user` : `${at}.password`,
      got: "nothing",
      allowed: "user and password together, or neither for an open registry",
      fix: user === undefined ? setCommand(`${at}.user`, "<user>", raw.stack) : setPassword,
    },
  ];
}
