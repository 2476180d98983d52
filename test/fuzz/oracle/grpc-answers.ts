import { readFields, readPacked } from "../wire/protobuf";
import { CONTENTS_FIELD } from "./grpc";
import { compareOutputs, mayOverflow, mayRefuse, type OutputTensor, show } from "./answers";
import { type Element, is64, readRaw } from "./elements";
import { type Expected, type Judgement, Reading } from "./judgement";
import { INSIDE } from "./answers-http";

/** How a call ended. */
export interface GrpcAnswer {
  /** HTTP's status; undefined when the stream was reset before it came. */
  readonly httpStatus: number | undefined;
  /** grpc-status, from the trailers or the only headers. */
  readonly status: number | undefined;
  readonly message: string;
  readonly body: Buffer;
  /** HTTP/2's error code when the stream was reset. */
  readonly reset: number | undefined;
}

/** gRPC's codes for the statuses of the judgements. */
const CODES: Readonly<Record<number, readonly number[]>> = {
  400: [3],
  404: [5],
  413: [3, 8],
  415: [12],
};
/** What may be said of a call that isn't one: cancelled, invalid, not found, too large, unimplemented. */
const REFUSALS = [1, 3, 5, 8, 12];
const LIBRARY = /^(Failed to decompress message|Invalid grpc-timeout value )/;

/** What is wrong with an answer, undefined when nothing is. */
export function checkGrpc(
  answer: GrpcAnswer,
  judgement: Judgement | undefined,
): string | undefined {
  const { httpStatus, status, message, reset } = answer;
  if (httpStatus !== undefined && httpStatus >= 500) return `HTTP status ${httpStatus}`;
  // Refused below gRPC: without its content type, path or framing it is no call.
  if (judgement === undefined && (reset !== undefined || (httpStatus ?? 200) >= 400))
    return undefined;
  if (reset !== undefined) return `the stream was reset with ${reset}`;
  if (httpStatus !== 200) return `HTTP status ${String(httpStatus)}`;
  if (status === undefined) return "no grpc-status";
  const inside = INSIDE.exec(message);
  if (inside !== null) return `a message that says "${inside[0]}"`;
  // The library repeats the path that it doesn't know, whatever its length.
  if (message.length > 1000 && status !== 12) return `a message of ${message.length} characters`;
  if (status === 0) return checkOk(answer, judgement);
  // gRPC's own words for its own faults: its specification has INTERNAL for them.
  if (judgement === undefined && status === 13 && LIBRARY.test(message)) return undefined;
  if (judgement === undefined) return allowed(status, [...REFUSALS, 4], message);
  if (judgement.verdict === "valid" && !mayRefuse(judgement.expected))
    return `status ${status} (${message}), 0 wanted`;
  const refusable =
    judgement.verdict !== "invalid" &&
    judgement.expected !== undefined &&
    mayRefuse(judgement.expected);
  const statuses = [
    ...(refusable ? [400] : []),
    ...(judgement.verdict === "valid" ? [] : judgement.statuses),
  ];
  return allowed(
    status,
    statuses.flatMap((one) => CODES[one] ?? []),
    message,
  );
}

function allowed(status: number, codes: readonly number[], message: string): string | undefined {
  return codes.includes(status)
    ? undefined
    : `status ${status} (${message}), ${codes.join(" or ")} wanted`;
}

function checkOk({ body }: GrpcAnswer, judgement: Judgement | undefined): string | undefined {
  if (judgement?.verdict === "invalid")
    return `status 0, a refusal wanted (${judgement.statuses.join(" or ")})`;
  if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5)
    return "an answer that is not one message";
  const fields = readFields(body.subarray(5));
  if (fields === undefined) return "an answer that is no message";
  const expected = judgement?.expected;
  if (expected === undefined || mayOverflow(expected)) return undefined;
  try {
    return compareOutputs(expected, readResponse(expected, body.subarray(5)));
  } catch (error) {
    return (error as Error).message;
  }
}

/** ModelInferResponse, raw or typed. */
function readResponse(expected: Expected, message: Uint8Array): Map<string, OutputTensor> {
  const fields = readFields(message) ?? [];
  const text = (field: number): string =>
    Buffer.from(fields.findLast((one) => one.field === field)?.bytes ?? []).toString();
  same("model_name", text(1), expected.signature.name);
  same("model_version", text(2), expected.version);
  if (expected.id !== undefined) same("id", text(3), expected.id);
  const raw = fields.filter(({ field }) => field === 6);
  const outputs = fields.filter(({ field }) => field === 5);
  if (raw.length > 0) same("raw_output_contents", raw.length, outputs.length);
  return new Map(
    outputs.map(({ bytes }, i) => {
      const inner = readFields(bytes) ?? [];
      const name = Buffer.from(inner.find(({ field }) => field === 1)?.bytes ?? []).toString();
      const spec = expected.signature.outputs.find((one) => one.name === name);
      if (spec === undefined) throw new Error(`an output "${name}"`);
      const datatype = Buffer.from(inner.find(({ field }) => field === 2)?.bytes ?? []).toString();
      same(`${name}'s datatype`, datatype, spec.datatype);
      const shape = inner
        .filter(({ field }) => field === 3)
        .flatMap((one) => (one.wireType === 0 ? [one.number] : (readPacked(one.bytes) ?? [])))
        .map(Number);
      const count = shape.reduce((product, side) => product * side, 1);
      const data = raw[i]?.bytes;
      const contents = inner.find(({ field }) => field === 5)?.bytes ?? new Uint8Array(0);
      const elements =
        data === undefined
          ? readContents(spec.datatype, contents)
          : readRaw(spec.datatype, data, count, new Reading());
      return [name, { shape, elements }];
    }),
  );
}

function readContents(
  datatype: Expected["signature"]["outputs"][number]["datatype"],
  bytes: Uint8Array,
): Element[] {
  const fields = (readFields(bytes) ?? []).filter((one) => one.field === CONTENTS_FIELD[datatype]);
  if (datatype === "BYTES") return fields.map((one) => Buffer.from(one.bytes).toString());
  if (datatype === "FP32" || datatype === "FP64") {
    const data = Buffer.concat(fields.map((one) => one.bytes));
    const count = data.length / (datatype === "FP32" ? 4 : 8);
    return readRaw(datatype, data, count, new Reading());
  }
  const numbers = fields.flatMap((one) =>
    one.wireType === 0 ? [one.number] : (readPacked(one.bytes) ?? []),
  );
  if (datatype === "BOOL") return numbers.map((one) => one !== 0n);
  const signed = datatype.startsWith("I");
  return numbers.map((one) => {
    const value = signed ? BigInt.asIntN(64, one) : one;
    return is64(datatype) ? value : Number(value);
  });
}

function same(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`${what}: ${show(got)}, wanted ${show(wanted)}`);
}
