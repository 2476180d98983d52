import * as pulumi from "@pulumi/pulumi";

export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** Types that the program may register. Anything else throws: a new resource is met here first. */
const STATE: Readonly<
  Record<string, (inputs: Record<string, unknown>, preview: boolean) => Record<string, unknown>>
> = {
  "pulumi:pulumi:Stack": () => ({}),
  "pulumi:providers:kubernetes": () => ({}),
  "pulumi:providers:docker": () => ({}),
  "modelport:index:InferenceImage": () => ({}),
  "modelport:index:InferenceService": () => ({}),
  "modelport:index:ServiceNamespace": () => ({}),
  "kubernetes:core/v1:Namespace": () => ({}),
  "kubernetes:core/v1:ServiceAccount": () => ({}),
  "kubernetes:core/v1:Secret": () => ({}),
  "kubernetes:policy/v1:PodDisruptionBudget": () => ({}),
  "kubernetes:apps/v1:Deployment": () => ({}),
  // Only the API server knows the port.
  "kubernetes:core/v1:Service": ({ spec }, preview) => ({
    spec: preview ? spec : { ...(spec as object), ports: withNodePorts(spec) },
  }),
  // Only a build knows the digest.
  "docker:index/image:Image": ({ imageName, skipPush }, preview) =>
    preview
      ? {}
      : {
          repoDigest: skipPush === true ? DIGEST : `${String(imageName).split(":t")[0]}@${DIGEST}`,
        },
  "pulumi-nodejs:dynamic/minikube:Cluster": (_, preview) =>
    preview ? {} : { kubeconfig, ip: "127.0.0.1", incarnation: "i" },
  "pulumi-nodejs:dynamic/minikube:Image": ({ image }, preview) => (preview ? {} : { ref: image }),
};

/** HTTP gets the port that a test listens on. */
function withNodePorts(spec: unknown): object[] {
  const { ports } = spec as { ports: { name: string }[] };
  return ports.map((own) => ({ ...own, nodePort: own.name === "http" ? nodePort() : 31_999 }));
}

export const DIGEST = `sha256:${"d".repeat(64)}`;

/** What minikube would yield. */
let kubeconfig = "";
let port = 30000;
const nodePort = () => port;

/** Runs a program under mocks; the port is what Services get. Rejects as the program does. */
export async function run(
  program: () => Promise<pulumi.Inputs> | pulumi.Inputs,
  options: {
    preview: boolean;
    config: Record<string, unknown>;
    nodePort?: number;
    kubeconfig?: string;
    stack?: string;
  },
): Promise<{ resources: Registered[]; outputs: Record<string, unknown> }> {
  const resources: Registered[] = [];
  port = options.nodePort ?? 30000;
  kubeconfig = options.kubeconfig ?? "";
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        const state = STATE[type];
        if (state === undefined) throw new Error(`unknown resource type ${type}`);
        const given = inputs as Record<string, unknown>;
        resources.push({ type, name, inputs: given });
        return { id: `${name}-id`, state: { ...given, ...state(given, options.preview) } };
      },
      call({ token }) {
        throw new Error(`unknown function ${token}`);
      },
    },
    "modelport",
    options.stack ?? "test",
    options.preview,
  );
  const values = Object.entries(options.config).map(([key, value]) => [
    `modelport:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(values) as Record<string, string>);
  // The stack's own promise is unknown as a whole in a preview; the program's result isn't.
  let outputs: unknown;
  await pulumi.runtime.runInPulumiStack(async () => (outputs = await program()));
  const settled = (await settle(outputs)) as Record<string, unknown>;
  await pulumi.runtime.disconnect();
  return { resources, outputs: settled };
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
