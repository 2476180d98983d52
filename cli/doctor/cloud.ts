/** What a stack in a cloud needs before any money is spent. */
import type { StackConfig } from "../../infra/config/schema";
import { ExitCode, UserError } from "../../local/errors";
import { canReach } from "../../local/toolchain/sources/download";
import type { StackContext } from "../session";
import type { StackSettings } from "../stack";
import { checkedConfig } from "../stack-config";
import { type Finding, type Surroundings, thisMachine, unreadCredentials } from "./finding";
import { googleCredentials, googleTools } from "./google";
import { ibmCredentials, ibmTools } from "./ibm";
import { pluginFindings, pluginOf } from "./plugins";
import { googleQuotas, ibmQuotas } from "./quotas";

/** SDKs by target, whose plugins a stack needs; targets that are missing rent nothing. */
const SDKS: Readonly<Record<string, readonly string[]>> = {
  gke: ["gcp", "kubernetes", "docker"],
  iks: ["ibm", "kubernetes", "docker"],
  openshift: ["ibm", "kubernetes", "docker"],
};

export const isRented = (target: string) => target in SDKS;

type Stack = Pick<StackContext, "stack" | "settings" | "backend">;

/** Credentials, tools and plugins: what is `missing` keeps every command from working. */
export async function cloudNeeds(
  { stack, settings, backend }: Stack,
  surroundings: Surroundings = thisMachine(),
  reach: (origin: string) => Promise<boolean> = canReach,
): Promise<Finding[]> {
  const { target, config } = settings;
  const plugins = (SDKS[target] ?? []).map((sdk) => pluginOf(sdk));
  return [
    ...(target === "gke"
      ? [
          googleCredentials(surroundings),
          ...googleTools(sectionOf(config, target)["kubeconfig"] !== "token", surroundings),
        ]
      : [...ibmCredentials(isClassic(settings), surroundings), ...ibmTools(surroundings)]),
    ...unreadCredentials(config, stack),
    ...(await pluginFindings(plugins, backend["PULUMI_HOME"] ?? "", surroundings, reach)),
  ];
}

/** Known limits and the price by the hour; nothing for a config with faults, which is told elsewhere. */
export async function cloudNotes({ stack, settings }: Stack): Promise<Finding[]> {
  let config: StackConfig;
  try {
    config = await checkedConfig(settings.config, stack);
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
  const quotas =
    config.target === "gke" ? googleQuotas(config) : ibmQuotas(config, isClassic(settings));
  return [...quotas, await price(config)];
}

async function price(config: StackConfig): Promise<Finding> {
  const { createTarget } = await import("../../infra/targets/index.js");
  const { hourly, monthly } = await import("../../infra/prices.js");
  const { isOffline, setOffline } = await import("../../infra/offline-mode.js");
  const before = isOffline();
  // Prices are read from tables: nobody's credentials matter.
  setOffline(true);
  try {
    const { priceBasis } = await createTarget(config);
    const detail =
      priceBasis.kind === "none"
        ? "unknown"
        : `about ${hourly(priceBasis)} an hour, ${monthly(priceBasis)} a month, at list prices of ${priceBasis.asOf}`;
    return { name: "costs", state: "note", detail };
  } finally {
    setOffline(before);
  }
}

/** Under the first line of a reason or a remedy. */
const BESIDE = "\n       ";

/** @throws UserError with everything that is missing, before anything is made */
export async function requireCloud(
  context: Stack,
  surroundings: Surroundings = thisMachine(),
  reach: (origin: string) => Promise<boolean> = canReach,
): Promise<void> {
  const found = await cloudNeeds(context, surroundings, reach);
  const missing = found.filter(({ state }) => state === "missing");
  if (missing.length === 0) return;
  const fixes = missing.flatMap(({ fix }) => fix ?? []);
  const lines = [...new Set(fixes), `npm run cli -- doctor --stack ${context.stack}   # all of it`];
  throw new UserError(`stack ${context.stack} lacks something here, nothing was changed`, {
    why: missing.map(({ name, detail }) => `${name}: ${detail}`).join(BESIDE),
    fix: lines.join(BESIDE),
    exitCode: ExitCode.environment,
  });
}

function sectionOf(
  config: Readonly<Record<string, unknown>>,
  target: string,
): Readonly<Record<string, unknown>> {
  const section = config[`modelport:${target}`];
  return typeof section === "object" && section !== null
    ? (section as Readonly<Record<string, unknown>>)
    : {};
}

/** Classic infrastructure has a section of its own in an IBM target's. */
export const isClassic = ({ config, target }: Pick<StackSettings, "config" | "target">) =>
  sectionOf(config, target)["infrastructure"] === "classic";
