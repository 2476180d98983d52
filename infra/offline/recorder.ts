import * as pulumi from "@pulumi/pulumi";
import type {
  RegisterResourceRequest,
  RegisterResourceResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

/** A resource as the program registered it. */
export interface Recorded {
  readonly type: string;
  readonly name: string;
  /** `type::name` of the component it belongs to; none right below the stack. */
  readonly parent?: string;
  /** `type::name` of what must be there before it, inputs' origins included. */
  readonly dependencies: readonly string[];
  /** Pulumi refuses to delete it; left out where it doesn't. */
  readonly protect?: true;
  /** The old one goes before the new one comes; left out where it doesn't. */
  readonly deleteBeforeReplace?: true;
  /** Left out where nothing is ignored. */
  readonly ignoreChanges?: readonly string[];
  /** Secrets read `<secret>`; what only a real run knows reads `<known after up>`. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

const STACK = "pulumi:pulumi:Stack";

/** How Pulumi's wire format marks a value that is more than JSON, and a secret among these. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/**
 * Sets mocks, and notes every registration as it is sent: Pulumi's mocks are not told of parents and dependencies.
 * @returns the list that fills while the program runs; the stack itself is not in it
 */
export async function record(
  mocks: pulumi.runtime.Mocks,
  run: { readonly project: string; readonly stack: string; readonly preview: boolean },
): Promise<readonly Recorded[]> {
  await pulumi.runtime.setMocks(mocks, run.project, run.stack, run.preview);
  const monitor: unknown = pulumi.runtime.getMonitor();
  if (!(monitor instanceof MockMonitor)) throw new Error("Pulumi's mocks have no mock monitor");
  const recorded: Recorded[] = [];
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = async (request: RegisterResourceRequest, callback) => {
    if (request.getType() !== STACK) recorded.push(read(request));
    await register(request, (error: unknown, response?: RegisterResourceResponse) => {
      if (response !== undefined) closeOutputs(request, response);
      callback(error, response);
    });
  };
  return recorded;
}

function read(request: RegisterResourceRequest): Recorded {
  const parent = identity(request.getParent());
  const ignoreChanges = request.getIgnorechangesList();
  return {
    type: request.getType(),
    name: request.getName(),
    ...(parent.startsWith(STACK) || parent === "" ? {} : { parent }),
    dependencies: [...new Set(request.getDependenciesList().map(identity))].sort(),
    ...(request.getProtect() ? { protect: true } : {}),
    ...(request.getDeletebeforereplace() ? { deleteBeforeReplace: true } : {}),
    ...(ignoreChanges.length === 0 ? {} : { ignoreChanges }),
    inputs: plain(request.getObject()?.toJavaScript() ?? {}) as Record<string, unknown>,
  };
}

/** As the engine does, and Pulumi's mocks don't: what a resource declares to be secret comes back as one. */
function closeOutputs(request: RegisterResourceRequest, response: RegisterResourceResponse): void {
  const secrets = request.getAdditionalsecretoutputsList();
  const outputs = response.getObject()?.toJavaScript();
  if (secrets.length === 0 || outputs === undefined) return;
  const closed = Object.entries(outputs).map(([key, value]) => [
    key,
    secrets.includes(key) && !isSecret(value) ? { [SIGNATURE]: SECRET_SIGNATURE, value } : value,
  ]);
  response.setObject(
    Struct.fromJavaScript(Object.fromEntries(closed) as Record<string, JavaScriptValue>),
  );
}

const isSecret = (value: unknown) =>
  typeof value === "object" &&
  value !== null &&
  (value as Record<string, unknown>)[SIGNATURE] === SECRET_SIGNATURE;

/** urn:pulumi:stack::project::parent's type$type::name → type::name */
function identity(urn: string): string {
  const [, , types, ...name] = urn.split("::");
  return types === undefined ? "" : `${types.split("$").at(-1) ?? ""}::${name.join("::")}`;
}

/** The wire format as a reader wants it. */
function plain(value: unknown): unknown {
  if (value === pulumi.runtime.unknownValue) return "<known after up>";
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (isSecret(value)) return closed(fields["value"]);
  return Object.fromEntries(Object.entries(fields).map(([key, child]) => [key, plain(child)]));
}

/** Secrets are told as such, and not told; which keys they have may be known. */
function closed(value: unknown): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.keys(value).map((key) => [key, "<secret>"]))
    : "<secret>";
}
