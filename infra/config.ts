import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { explain } from "./config/explain";
import {
  placeholders,
  PROJECT,
  removeCommand,
  SECTIONS,
  unique,
  type FaultContext,
  type Values,
} from "./config/faults";
import { servicesSchema, stackSchema, TARGET_NAMES, type StackConfig } from "./config/schema";
import { checkService } from "./config/check-service";
import { checkTarget } from "./config/check-target";
import { serviceDrafts } from "./config/drafts";
import { checkNames } from "./config/check-names";
import { checkSecrets, readSecretPaths } from "./config/secret-paths";
import { ConfigError, type Fault } from "./errors";
import { isOffline } from "./offline-mode";
import { choice } from "./suggestion";

export interface RawConfig {
  readonly stack: string;
  /** As Pulumi hands it over: full key to text, objects as JSON. */
  readonly values: Readonly<Record<string, string>>;
  /** Full keys whose value is, or holds, a secret. */
  readonly secretKeys: readonly string[];
  /** What is a secret within them: secret-paths.ts. Default: not known. */
  readonly secretPaths?: ReadonlySet<string> | undefined;
  /** Models there are, in app/models. */
  readonly models: readonly string[];
}

export interface ReadConfig {
  readonly config: StackConfig;
  /** Whether a service's `env` may hold secrets: something in the section is one, and nobody tells what. */
  readonly closeEnv: boolean;
}

/**
 * The stack's config, checked: the only place that reads it.
 * @param root the checkout, with the stack's file
 * @throws ConfigError with every fault
 */
export async function readConfig(models: readonly string[], root: string): Promise<ReadConfig> {
  const secretKeys = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[];
  const values = pulumi.runtime.allConfig();
  const raw = { stack: pulumi.getStack(), values, secretKeys, models };
  // Without a secret there is nothing to tell apart.
  const secretPaths =
    secretKeys.length === 0
      ? undefined
      : await readSecretPaths(root, raw.stack, collect(raw, []), isSecretSection(raw));
  const mayHoldSecrets = secretKeys.includes(`${PROJECT}:services`) && secretPaths === undefined;
  return {
    config: parseConfig({ ...raw, secretPaths }),
    closeEnv: mayHoldSecrets && !isOffline(),
  };
}

/** Pure half of `readConfig`. @throws ConfigError with every fault */
export function parseConfig(raw: RawConfig): StackConfig {
  const faults: Fault[] = [];
  const values = collect(raw, faults);
  const context = contextOf(raw, values);
  const parsed = stackSchema.safeParse(values);
  faults.push(...faultsOf(parsed.error, context));
  // What the schema can't say; asked of what could be read, so that all faults come at once.
  faults.push(...serviceFaults(raw, context), ...checkTarget(values, context));
  if (!parsed.success || faults.length > 0) throw new ConfigError(raw.stack, unique(faults));
  return parsed.data;
}

function contextOf({ stack, secretKeys, secretPaths }: RawConfig, values: Values): FaultContext {
  return { stack, values, secret: isSecretSection({ secretKeys }), secretPaths };
}

const isSecretSection =
  ({ secretKeys }: Pick<RawConfig, "secretKeys">) =>
  (section: string) =>
    secretKeys.includes(`${PROJECT}:${section}`);

function faultsOf(error: z.ZodError | undefined, context: FaultContext): Fault[] {
  const issues = error?.issues ?? [];
  return [
    ...issues.flatMap((issue) => explain(issue, context)),
    ...placeholders(context.values, context),
  ];
}

function serviceFaults({ models }: RawConfig, context: FaultContext): Fault[] {
  return [
    ...serviceDrafts(context.values).flatMap(([name, service]) =>
      checkService(name, service, context, models),
    ),
    ...checkNames(context),
    ...checkSecrets(context),
  ];
}

/** The services alone, with what they need of the target unasked: for what runs them without one. @throws ConfigError with every fault */
export function parseServices(raw: RawConfig): StackConfig["services"] {
  const faults: Fault[] = [];
  const { services, target } = collect(raw, faults);
  const context = contextOf(raw, { services, target });
  const parsed = z.object({ services: servicesSchema }).safeParse(context.values);
  faults.push(...faultsOf(parsed.error, context), ...serviceFaults(raw, context));
  if (!parsed.success || faults.length > 0) throw new ConfigError(raw.stack, unique(faults));
  return parsed.data.services;
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
