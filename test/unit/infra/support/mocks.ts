import * as pulumi from "@pulumi/pulumi";
import { FUNCTIONS, RESOURCES } from "../../../../infra/offline/providers";
import { record, type Recorded } from "../../../../infra/offline/recorder";

export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

export const DIGEST = `sha256:${"d".repeat(64)}`;

type State = (inputs: Record<string, unknown>) => Record<string, unknown>;

/**
 * Where a test's server stands for what a provider would yield. A new resource needs no line here, but one in
 * infra/offline/providers.ts: what that table doesn't know throws, in tests as in the offline run.
 */
const served: Readonly<Record<string, State>> = {
  // HTTP gets the port that a test listens on.
  "kubernetes:core/v1:Service": ({ spec }) => ({
    spec: { ...(spec as object), ports: withNodePorts(spec) },
  }),
  "docker:index/image:Image": ({ imageName, skipPush }) => ({
    repoDigest: skipPush === true ? DIGEST : `${String(imageName).split(":t")[0]}@${DIGEST}`,
  }),
  "pulumi-nodejs:dynamic/minikube:Cluster": () => ({
    kubeconfig,
    ip: "127.0.0.1",
    incarnation: "i",
  }),
};

function withNodePorts(spec: unknown): object[] {
  const { ports } = spec as { ports: { name: string }[] };
  return ports.map((own) => ({ ...own, nodePort: own.name === "http" ? port : 31_999 }));
}

/** What minikube would yield. */
let kubeconfig = "";
let port = 30000;

export interface RunOptions {
  readonly preview: boolean;
  readonly config: Readonly<Record<string, unknown>>;
  /** Sections of the config that hold secrets. Default: what the environment says. */
  readonly secretSections?: readonly string[];
  /** What Services get. Default: 30000. */
  readonly nodePort?: number;
  readonly kubeconfig?: string;
  readonly stack?: string;
  /** In a preview: whether ids are known, as when everything is there already and changes in place. Default: true. */
  readonly idsKnown?: boolean;
  /** Outputs by type token, before those of the tables. */
  readonly state?: Readonly<Record<string, State>>;
  /** Results by function token, before those of the tables. */
  readonly functions?: Readonly<Record<string, State>>;
}

export interface Ran {
  readonly resources: Registered[];
  readonly outputs: Record<string, unknown>;
  /** The same resources as they went over the wire: with parents and dependencies, secrets and unknowns marked. */
  readonly recorded: readonly Recorded[];
}

/** Runs a program under mocks. Rejects as the program does. */
export async function run(
  program: () => Promise<pulumi.Inputs> | pulumi.Inputs,
  options: RunOptions,
): Promise<Ran> {
  const { preview, idsKnown = true, state = {}, functions = {} } = options;
  const resources: Registered[] = [];
  port = options.nodePort ?? 30000;
  kubeconfig = options.kubeconfig ?? "";
  const mocks: pulumi.runtime.Mocks = {
    newResource({ type, name, inputs }) {
      const known = RESOURCES[type];
      if (known === undefined) throw new Error(`unknown resource type ${type}`);
      const given = inputs as Record<string, unknown>;
      resources.push({ type, name, inputs: given });
      // In a preview nothing is known but the inputs.
      const added = preview ? {} : ((state[type] ?? served[type])?.(given) ?? known(given, name));
      return { id: idsKnown ? `${name}-id` : undefined, state: { ...given, ...added } };
    },
    call({ token, inputs }) {
      const result = functions[token] ?? FUNCTIONS[token];
      if (result === undefined) throw new Error(`unknown function ${token}`);
      return result(inputs as Record<string, unknown>);
    },
  };
  const stack = options.stack ?? "test";
  const recorded = await record(mocks, { project: "modelport", stack, preview });
  const values = Object.entries(options.config).map(([key, value]) => [
    `modelport:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const secrets = options.secretSections?.map((section) => `modelport:${section}`);
  pulumi.runtime.setAllConfig(Object.fromEntries(values) as Record<string, string>, secrets);
  if (secrets !== undefined) process.env["PULUMI_CONFIG_SECRET_KEYS"] = JSON.stringify(secrets);
  // The stack's own promise is unknown as a whole in a preview; the program's result isn't.
  let outputs: unknown;
  await pulumi.runtime.runInPulumiStack(async () => (outputs = await program()));
  const settled = (await settle(outputs)) as Record<string, unknown>;
  await pulumi.runtime.disconnect();
  return { resources, outputs: settled, recorded };
}

/** Values of outputs, wherever they stand; unknowns read as undefined. */
async function settle(value: unknown): Promise<unknown> {
  if (pulumi.Output.isInstance(value)) {
    const output = value as unknown as { promise(withUnknowns: boolean): Promise<unknown> };
    const settled = await output.promise(true);
    return pulumi.containsUnknowns(settled) ? undefined : settled;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(
    async ([key, child]) => [key, await settle(child)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
