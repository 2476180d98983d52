/** What is generated of a target's page: the blocks between `<!-- made: NAME -->` and `<!-- /made -->`. The rest is written by hand. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { parseConfig } from "../infra/config";
import type { TargetName } from "../infra/config/schema";
import { modelNames } from "../infra/models";
import type { OfflineRendering } from "../infra/offline";
import { isOffline, setOffline } from "../infra/offline-mode";
import { readStackFile } from "../infra/offline/stack-file";
import { dollars, hourly, monthly } from "../infra/prices";
import { createTarget } from "../infra/targets";
import type { PriceBasis, Target } from "../infra/targets/target";
import { repositoryRoot } from "../local/paths";
import { diagram } from "./graph";

/** The stack that a target's page is about: a name, or a file. */
export const STACKS: Readonly<Record<TargetName, string>> = {
  embedded: "local",
  existing: "docs/targets/Pulumi.existing.yaml",
  gke: "prod",
  iks: "iks",
  minikube: "dev",
  openshift: "openshift",
};

const BLOCK = /(<!-- made: (\S+) -->\n)[\s\S]*?(<!-- \/made -->)/g;

/** @returns the page with its blocks made anew @throws Error for a block that nobody makes */
export async function targetPage(name: TargetName): Promise<string> {
  const stack = STACKS[name];
  const text = fs.readFileSync(
    path.join(repositoryRoot(), "docs", "targets", `${name}.md`),
    "utf8",
  );
  const [target, rendering] = await Promise.all([targetOf(stack), offline(stack)]);
  const blocks: Readonly<Record<string, string>> = {
    graph: `${diagram(rendering.resources)}\n\nArrows go from what must be there first to what needs it.${listing(stack)}`,
    prices: prices(target.priceBasis),
    abilities: abilities(target),
  };
  return text.replaceAll(BLOCK, (_, start: string, block: string, end: string) => {
    const made = blocks[block];
    if (made === undefined) throw new Error(`${name}.md: nobody makes a block ${block}`);
    return `${start}\n${made}\n\n${end}`;
  });
}

const listing = (stack: string) =>
  /\W/.test(stack)
    ? ""
    : ` \`npm run preview -- --stack ${stack} --offline\` lists every resource.`;

async function targetOf(stack: string): Promise<Target> {
  const before = isOffline();
  setOffline(true);
  try {
    const file = await readStackFile(stack);
    return await createTarget(parseConfig({ ...file, models: modelNames(repositoryRoot()) }));
  } finally {
    setOffline(before);
  }
}

/** In a process of its own: Pulumi's mocks are global. */
async function offline(stack: string): Promise<OfflineRendering> {
  const root = repositoryRoot();
  const args = ["--import", "tsx", path.join(root, "infra", "offline.ts"), stack];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`the offline run of ${stack} failed`);
  return JSON.parse(output) as OfflineRendering;
}

function prices(basis: PriceBasis): string {
  if (basis.kind === "none") return "Nothing: it is yours, and nothing is rented for it.";
  const rows = basis.items.map(
    ({ what, quantity, usdPerHour }) =>
      `| ${what} | ${quantity} | ${dollars(usdPerHour)} | ${dollars(quantity * usdPerHour)} |`,
  );
  return [
    `About **${hourly(basis)} an hour**, ${monthly(basis)} for a month of 730 hours, for the stack as it is committed.`,
    "",
    "| what | how many | each, an hour | together |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    `Source: ${basis.source} (${basis.asOf}).`,
  ].join("\n");
}

/** What an autoscaler can follow. */
const autoscalers = ({ cpuMetrics = true, customMetrics }: Target["capabilities"]) =>
  [...(cpuMetrics ? ["CPU"] : []), ...(customMetrics ? ["custom metrics"] : [])].join(", ") || "no";

function abilities(target: Target): string {
  const { capabilities, platform, defaultExposure, podSecurity, priceBasis } = target;
  const { exposures, tls = [], gpu, gitBuild, internal = [] } = capabilities;
  const rows: [string, string][] = [
    [
      "exposures",
      exposures.map((one) => (one === defaultExposure ? `${one} (default)` : one)).join(", "),
    ],
    ["`internal`", internal.join(", ") || "no"],
    ["TLS", tls.join(", ") || "no"],
    ["GPUs", gpu === undefined ? "none in the committed stack" : Object.keys(gpu.types).join(", ")],
    ["autoscaling", autoscalers(capabilities)],
    ["builds from Git in the cluster", gitBuild ? "yes" : "no"],
    [
      "pods run as",
      podSecurity.runAsUser === undefined
        ? "a user that the platform assigns"
        : `user ${podSecurity.runAsUser}`,
    ],
    // What is not rented is whatever machine there is: this page must not depend on the one it is made on.
    ...(priceBasis.kind === "none" ? [] : [["nodes", platform] satisfies [string, string]]),
  ];
  return ["| what | here |", "| --- | --- |", ...rows.map((row) => `| ${row.join(" | ")} |`)].join(
    "\n",
  );
}
