import * as pulumi from "@pulumi/pulumi";
import { PROJECT } from "../config/faults";
import { program } from "../index";
import { setOffline } from "../offline-mode";
import { FUNCTIONS, RESOURCES } from "./providers";
import { record, type Recorded } from "./recorder";
import type { StackFile } from "./stack-file";

export type OfflineResource = Omit<Recorded, "inputs">;

export interface OfflineRendering {
  readonly offline: true;
  readonly stack: string;
  readonly target: string;
  /** Config keys whose placeholder the schema's example stands for. */
  readonly examples: Readonly<Record<string, unknown>>;
  /** In the order in which the program registers them. */
  readonly resources: readonly OfflineResource[];
  /** Kubernetes objects as they would be applied, in that order; what only the real run knows reads `<…>`. Without patches of others' objects. */
  readonly manifests: readonly Record<string, unknown>[];
}

/** Runs the program with mocked providers, as a preview from an empty state. @throws whatever the program throws */
export async function render(file: StackFile): Promise<OfflineRendering> {
  setOffline(true);
  try {
    return await run(file);
  } finally {
    setOffline(false);
  }
}

async function run({ stack, values, secretKeys, examples }: StackFile): Promise<OfflineRendering> {
  const recorded = await record(mocks, { project: PROJECT, stack, preview: true });
  pulumi.runtime.setAllConfig({ ...values }, [...secretKeys]);
  process.env["PULUMI_CONFIG_SECRET_KEYS"] = JSON.stringify(secretKeys);
  let target = "";
  await pulumi.runtime.runInPulumiStack(async () => {
    const outputs = await program();
    target = String(outputs["target"]);
    return outputs;
  });
  await pulumi.runtime.disconnect();
  const resources = recorded.map(({ type, name, parent, dependencies }) => ({
    type,
    name,
    ...(parent === undefined ? {} : { parent }),
    dependencies,
  }));
  const manifests = recorded.flatMap(({ type, inputs }) =>
    type.startsWith("kubernetes:") && !type.endsWith("Patch") ? [headFirst(inputs)] : [],
  );
  manifests.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return { offline: true, stack, target, examples, resources, manifests };
}

const mocks: pulumi.runtime.Mocks = {
  newResource({ type, name, inputs }) {
    const state = RESOURCES[type];
    if (state === undefined) throw new Error(`the offline run does not know ${type}`);
    const given = inputs as Record<string, unknown>;
    return { id: `${name}_id`, state: { ...given, ...state(given, name) } };
  },
  call({ token, inputs }) {
    const result = FUNCTIONS[token];
    if (result === undefined) throw new Error(`the offline run does not know ${token}`);
    return result(inputs as Record<string, unknown>);
  },
};

/** As people write manifests; the wire has no order. */
function headFirst(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { apiVersion, kind, metadata, ...rest } = inputs;
  return { apiVersion, kind, metadata, ...rest };
}

/** What `kubectl apply` wants first. */
const FIRST = ["Namespace", "Secret", "ServiceAccount", "Service"];

/** Registrations come in any order: manifests don't. */
function order(manifest: Record<string, unknown>): string {
  const { kind, metadata } = manifest as {
    kind: string;
    metadata: { name: string; namespace?: string };
  };
  const index = FIRST.indexOf(kind);
  const place = index < 0 ? FIRST.length : index;
  return [place, kind, metadata.namespace ?? "", metadata.name].join("\0");
}
