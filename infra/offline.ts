/**
 * The program under mocked providers: no engine, no credentials, no cluster. `node dist/offline.js STACK` prints
 * `{"offline": true, "stack", "resources", "manifests"}` as JSON; mocks are global to a process, so each stack takes one of its own.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { repositoryRoot } from "../local/paths";
import { messageOf, ProgramError } from "./errors";
import { program } from "./index";
import { setOffline } from "./offline-mode";

export interface OfflineResource {
  readonly type: string;
  readonly name: string;
  readonly parent?: string;
}

export interface OfflineRendering {
  readonly offline: true;
  readonly stack: string;
  readonly resources: readonly OfflineResource[];
  /** Kubernetes objects as they would be applied; what only the real run knows reads `<…>`. */
  readonly manifests: readonly Record<string, unknown>[];
}

const PROJECT = "modelport";

/** What stands for values that only providers know, by resource type. An unknown type is an error. */
const KNOWN_STATE: Readonly<
  Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>
> = {
  "docker:index/image:Image": ({ imageName, skipPush }) => ({
    repoDigest: `${skipPush === true ? "" : `${withoutTag(String(imageName))}@`}sha256:${"0".repeat(64)}`,
  }),
  "pulumi-nodejs:dynamic/minikube:Cluster": () => ({
    kubeconfig: "<kubeconfig>",
    ip: "192.0.2.1",
    incarnation: "<incarnation>",
  }),
  "pulumi-nodejs:dynamic/minikube:Image": ({ image }) => ({ ref: image }),
  "kubernetes:core/v1:Service": ({ spec }) => ({ spec: withNodePort(spec) }),
};

const PLAIN_TYPES =
  /^(?:pulumi:providers:(?:kubernetes|docker)|pulumi:pulumi:Stack|kubernetes:(?:apps\/v1:Deployment|core\/v1:(?:Namespace|Secret|ServiceAccount)|policy\/v1:PodDisruptionBudget)|modelport:index:(?:InferenceImage|InferenceService|ServiceNamespace))$/;

/** Runs the program for the stack's config file. @throws ProgramError, or whatever the program throws */
export async function renderOffline(stack: string): Promise<OfflineRendering> {
  setOffline(true);
  const resources: OfflineResource[] = [];
  const manifests: Record<string, unknown>[] = [];
  const { values, secretKeys } = await readStackFile(stack);
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        const state = KNOWN_STATE[type];
        if (state === undefined && !PLAIN_TYPES.test(type))
          throw new Error(`the offline run does not know ${type}`);
        resources.push({ type, name });
        const given = inputs as Record<string, unknown>;
        if (type.startsWith("kubernetes:")) manifests.push(plain(given));
        return { id: `${name}_id`, state: { ...given, ...state?.(given) } };
      },
      call({ token }) {
        throw new Error(`the offline run does not know ${token}`);
      },
    },
    PROJECT,
    stack,
    true,
  );
  pulumi.runtime.setAllConfig(values, secretKeys);
  process.env["PULUMI_CONFIG_SECRET_KEYS"] = JSON.stringify(secretKeys);
  await pulumi.runtime.runInPulumiStack(program);
  await pulumi.runtime.disconnect();
  manifests.sort((a, b) => order(a) - order(b));
  return { offline: true, stack, resources, manifests };
}

interface StackFile {
  values: Record<string, string>;
  secretKeys: string[];
}

/** As the engine does: the stack's file over the defaults of Pulumi.yaml; secrets stay closed. */
async function readStackFile(stack: string): Promise<StackFile> {
  const { parse } = await import("yaml");
  const root = repositoryRoot();
  const file = path.join(root, `Pulumi.${stack}.yaml`);
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    const stacks = fs
      .readdirSync(root)
      .flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
    throw new ProgramError(`there is no stack ${stack}`, {
      why: messageOf(error),
      fix: `one of: ${stacks.join(", ")}`,
    });
  }
  const project = parse(fs.readFileSync(path.join(root, "Pulumi.yaml"), "utf8")) as {
    config: Record<string, { default?: unknown }>;
  };
  const config = (parse(text) as { config?: Record<string, unknown> } | null)?.config ?? {};
  const values: Record<string, string> = {};
  const secretKeys: string[] = [];
  const write = (key: string, value: unknown) => {
    if (hasSecret(value)) secretKeys.push(key);
    const opened = openSecrets(value);
    values[key] = typeof opened === "string" ? opened : JSON.stringify(opened);
  };
  for (const [key, { default: value }] of Object.entries(project.config))
    if (value !== undefined) write(`${PROJECT}:${key}`, value);
  for (const [key, value] of Object.entries(config)) write(key, value);
  return { values, secretKeys };
}

const isSecret = (value: unknown): value is { secure: string } =>
  typeof value === "object" && value !== null && Object.keys(value).join() === "secure";

function hasSecret(value: unknown): boolean {
  if (isSecret(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasSecret);
}

function openSecrets(value: unknown): unknown {
  if (isSecret(value)) return "offline-secret-value";
  if (Array.isArray(value)) return value.map(openSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, openSecrets(child)]));
}

/** How Pulumi marks a secret among plain values. */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";

/** Secrets are told as such, and not told. */
function plain(inputs: Record<string, unknown>): Record<string, unknown> {
  if (inputs["kind"] !== "Secret") return inputs;
  const given = (inputs["stringData"] ?? {}) as Record<string, unknown>;
  // A secret input is wrapped: the engine would unwrap it.
  const data = (SECRET_MARK in given ? given["value"] : given) as Record<string, unknown>;
  const closed = Object.fromEntries(Object.keys(data).map((key) => [key, "<secret>"]));
  return { ...inputs, stringData: closed };
}

const withoutTag = (image: string) => image.replace(/:[^:/]+$/, "");

function withNodePort(spec: unknown): unknown {
  const given = spec as { type?: string; ports?: object[] };
  if (given.type !== "NodePort") return given;
  return { ...given, ports: given.ports?.map((port) => ({ nodePort: 30000, ...port })) };
}

/** The order in which `kubectl apply` would want them. */
function order(manifest: Record<string, unknown>): number {
  const kinds = ["Namespace", "Secret", "ServiceAccount", "Service"];
  const index = kinds.indexOf(String(manifest["kind"]));
  return index < 0 ? kinds.length : index;
}

if (require.main === module) {
  // Pulumi's stack rejects an output of its own beside the program's promise: the same error twice.
  process.on("unhandledRejection", () => undefined);
  renderOffline(process.argv[2] ?? "").then(
    (rendering) => process.stdout.write(`${JSON.stringify(rendering, undefined, 2)}\n`),
    (error: unknown) => {
      const told = pulumi.RunError.isInstance(error) ? error.message : (error as Error).stack;
      process.stderr.write(`${told ?? String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
