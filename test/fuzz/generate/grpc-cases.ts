import { datatypes } from "../../../app/server/tensor";
import { judgeModelInfer } from "../oracle/grpc";
import { type Judgement, MAX_BODY_BYTES } from "../oracle/judgement";
import type { Random } from "../random";
import { alternatives } from "./alternatives";
import { mutateBytes } from "./byte-mutations";
import type { World } from "./case";
import {
  draftInfer,
  type InferDraft,
  randomFields,
  typedContents,
  writeInfer,
} from "./grpc-messages";
import { rowCount, spoiled } from "./json-cases";
import { validInputs } from "./values";

/** One call. */
export interface GrpcCase {
  readonly kind: string;
  readonly headers: Readonly<Record<string, string>>;
  /** All that is sent: frames of five bytes and a message, if they are right. */
  readonly body: Buffer;
  /** The message's judgement; undefined: any refusal or answer that is well-formed. */
  readonly judgement: Judgement | undefined;
  /** Ends the call before the answer. */
  readonly cancelled: boolean;
}

const SERVICE = "/inference.GRPCInferenceService/";
const METHODS: readonly string[] = [
  ...alternatives("ServerLive|ServerReady|ServerMetadata|ModelReady|ModelMetadata|ModelConfig"),
  ...alternatives(
    "RepositoryIndex|RepositoryModelLoad|ModelStreamInfer|modelinfer|__proto__|constructor",
  ),
];
const KINDS = [
  [10, "valid"],
  [20, "tensors"],
  [20, "message bytes"],
  [12, "random fields"],
  [6, "random bytes"],
  [12, "frames"],
  [8, "paths"],
  [8, "metadata"],
  [4, "cancelled"],
] as const;

export function grpcCase(world: World, random: Random): GrpcCase {
  const kind = random.weighted(KINDS);
  const signature = random.pick(world.models);
  const rows = rowCount(signature, random);
  const draft = draftInfer(signature, validInputs(signature, rows, random), random);
  if (kind === "tensors") spoilDraft(draft, random);
  let message = writeInfer(draft);
  if (kind === "message bytes") message = spoiled(message, random);
  if (kind === "random fields") message = randomFields(random);
  if (kind === "random bytes") message = random.bytes(random.int(0, 200));
  const judged = judgeMessage(world, message);
  const base = { kind, headers: requestHeaders("ModelInfer"), cancelled: kind === "cancelled" };
  switch (kind) {
    case "frames":
      return { ...base, ...spoilFrames(message, random), judgement: undefined };
    case "paths":
      return { ...base, ...oddCall(message, random), judgement: undefined };
    case "metadata":
      return {
        ...base,
        headers: { ...base.headers, ...oddMetadata(random) },
        body: framed(message),
        judgement: undefined,
      };
    default:
      return { ...base, body: framed(message), judgement: judged };
  }
}

function judgeMessage(world: World, message: Buffer): Judgement {
  return message.length > MAX_BODY_BYTES
    ? { verdict: "invalid", statuses: [413] }
    : judgeModelInfer(world.signatures, message);
}

export function requestHeaders(method: string): Record<string, string> {
  return {
    ":method": "POST",
    ":path": SERVICE + method,
    "content-type": "application/grpc",
    te: "trailers",
  };
}

/** A message as gRPC sends it: a flag, its length, itself. */
export function framed(message: Buffer, flag = 0, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(length >>> 0, 1);
  return Buffer.concat([head, message]);
}

/** Parts that contradict each other. */
function spoilDraft(draft: InferDraft, random: Random): void {
  const input = random.pick(draft.inputs);
  const { raw } = draft;
  const spoils: (readonly [number, () => unknown])[] = [
    [4, () => (input.shape = random.pick(SHAPES).slice())],
    [4, () => (input.shape[0] = Number(input.shape[0]) + random.pick([1, -1, 1024, 2 ** 31]))],
    [2, () => (input.datatype = random.pick([...datatypes, "FP16", "", "fp32", "__proto__"]))],
    [
      2,
      () => (input.name = random.pick(["", "nope", "__proto__", random.pick(draft.inputs).name])),
    ],
    [2, () => draft.inputs.push(random.pick(draft.inputs))],
    [2, () => draft.inputs.splice(random.int(0, draft.inputs.length - 1), 1)],
    [1, () => draft.inputs.splice(0)],
    [2, () => draft.outputs.push(random.pick(["nope", "", "label", "label", "__proto__"]))],
    [2, () => (draft.model = random.pick(["nope", "", "../iris", "iris\0", "x".repeat(5000)]))],
    [2, () => (draft.version = random.pick(["0", "-1", "2", "latest", "1.0", "9".repeat(40)]))],
    [2, () => raw.push(Buffer.alloc(4))],
    [2, () => raw.splice(random.int(0, Math.max(raw.length - 1, 0)), 1)],
    [3, () => spoilRaw(raw, random)],
    [2, () => (input.contents = otherContents(random))],
    [1, () => draft.inputs.reverse()],
    [1, () => (draft.id = random.pick(["\0", "x".repeat(5000), "\u202e", "🙂"]))],
  ];
  random.weighted(spoils)();
}

function spoilRaw(raw: Buffer[], random: Random): void {
  if (raw.length === 0) return;
  const at = random.int(0, raw.length - 1);
  raw[at] = mutateBytes(raw[at] as Buffer, random);
}

function otherContents(random: Random): Buffer {
  const datatype = random.pick(datatypes);
  const element =
    datatype === "BYTES" ? "a" : datatype === "BOOL" ? true : random.pick([0, 1, 127]);
  const elements = Array.from({ length: random.int(0, 5) }, () => element);
  return typedContents({ datatype }, elements, random);
}

const SHAPES: readonly (number | bigint)[][] = [
  [],
  [0],
  [1],
  [-1],
  [1, 4],
  [-1, 4],
  [1, -4],
  [0, 4],
  [4, 1],
  [2n ** 63n - 1n],
  [-(2n ** 63n), 1],
  [2 ** 32, 2 ** 32],
  [2 ** 31, 2],
  [2 ** 53, 4],
  Array.from({ length: 300 }, () => 1),
];

type Sent = Pick<GrpcCase, "headers" | "body">;

/** Frames whose length, flag or number is wrong. */
function spoilFrames(message: Buffer, random: Random): Sent {
  const headers = requestHeaders("ModelInfer");
  const { length } = message;
  const plain = (body: Buffer): Sent => ({ headers, body });
  const gzipped = (body: Buffer): Sent => ({
    headers: { ...headers, "grpc-encoding": "gzip" },
    body,
  });
  return random.weighted<() => Sent>([
    [3, () => plain(framed(message, 0, length + random.pick([1, 100, 2 ** 24])))],
    [3, () => plain(framed(message, 0, Math.max(0, length - random.int(1, 20))))],
    [1, () => plain(framed(message, 0, 2 ** 32 - 1))],
    [1, () => plain(framed(message, 0, 2 ** 31))],
    [2, () => plain(framed(message).subarray(0, random.int(0, length + 4)))],
    [2, () => plain(framed(message, random.int(1, 255)))],
    [2, () => gzipped(framed(message, 1))],
    [1, () => gzipped(framed(random.bytes(40), 1))],
    [2, () => plain(Buffer.concat([framed(message), framed(message)]))],
    [1, () => plain(Buffer.concat([framed(message), random.bytes(3)]))],
    [1, () => plain(Buffer.alloc(0))],
    [1, () => plain(framed(Buffer.alloc(MAX_BODY_BYTES + random.pick([1, 50_000]))))],
    [1, () => plain(random.bytes(random.int(1, 30)))],
  ])();
}

/** Other methods with this one's message or garbage, and paths of nothing. */
function oddCall(message: Buffer, random: Random): Sent {
  const body = framed(random.chance(0.5) ? message : randomFields(random));
  const path = random.weighted<() => string>([
    [6, () => SERVICE + random.pick(METHODS)],
    [1, () => random.pick(["/", "/x", "//", "/a/b/c", SERVICE, "/inference./ModelInfer"])],
    [1, () => `/grpc.health.v1.Health/${random.pick(["Check", "Watch", "List"])}`],
    [1, () => "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"],
    [1, () => `/${"x".repeat(random.pick([300, 5000]))}/y`],
  ])();
  return { headers: { ...requestHeaders("ModelInfer"), ":path": path }, body };
}

function oddMetadata(random: Random): Record<string, string> {
  const [name, value] = random.pick([
    ["grpc-timeout", random.pick(["abc", "0n", "-1S", "1", "S", "99999999H", "123456789S", ""])],
    ["grpc-encoding", random.pick(["identity", "gzip", "br", "nope", "", "gzip,gzip"])],
    ["grpc-accept-encoding", random.pick(["", "nope", "gzip", ",,,", "identity;q=0"])],
    ["content-type", random.pick(["text/plain", "application/grpc+json", "application/grpcx", ""])],
    ["x-data-bin", random.pick(["!!!", "aGVsbG8=", "", "a".repeat(3000)])],
    ["authorization", "x".repeat(random.int(0, 3000))],
    ["x-request-id", random.pick(["", "a b", "\u00e9", "x".repeat(100)])],
    ["traceparent", random.pick(["00-0-0-00", "", "x".repeat(200)])],
    ["user-agent", ""],
    ["grpc-message", "%zz"],
    ["grpc-status", "0"],
    ["content-length", random.pick(["0", "5", "999999"])],
  ] as const);
  return { [name]: value };
}
