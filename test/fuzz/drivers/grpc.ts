import { setTimeout as sleep } from "node:timers/promises";
import { excerpt } from "../findings";
import { framed, grpcCase, requestHeaders } from "../generate/grpc-cases";
import { draftInfer, writeInfer } from "../generate/grpc-messages";
import { http2Bytes } from "../generate/http2-cases";
import { caseId } from "../generate/protocols";
import { validInputs } from "../generate/values";
import { judgeModelInfer } from "../oracle/grpc";
import { checkGrpc, type GrpcAnswer } from "../oracle/grpc-answers";
import { goldenModels } from "../oracle/signature";
import { Random } from "../random";
import { GrpcConnection } from "../wire/grpc-connection";
import { converse } from "./framing";
import { type Plan, schedule } from "./plan";

const CONNECTIONS = 3;
/** Calls at once on each. */
const STREAMS = 8;
/** What may end a whole connection goes alone on one, so that the others' answers are their own. */
const RISKY: ReadonlySet<string> = new Set(["frames", "paths", "metadata", "cancelled"]);
const GOLDEN_EVERY = 50;
/** Of all seeds, one in so many stands for bytes below gRPC. */
const HTTP2_EVERY = 16;
/** Bytes below gRPC may well leave the server waiting for more. */
const QUIET_MS = 60;
const MAX_TRIES = 5;

/** Puts odd calls, and bytes that are nearly HTTP/2, to the gRPC port. */
export async function fuzzGrpc(plan: Plan): Promise<void> {
  const cases = schedule(plan, ["grpc"]);
  const connections = Array.from({ length: CONNECTIONS }, () => new GrpcConnection(plan.grpcPort));
  const work = async (connection: GrpcConnection): Promise<void> => {
    const own = new GrpcConnection(plan.grpcPort);
    let done = 0;
    for (const { seed } of cases) {
      if (plan.signal.aborted) break;
      const id = caseId("grpc", seed);
      plan.underWay.add(id);
      await runGrpcCase(plan, { shared: connection, own }, seed);
      plan.underWay.delete(id);
      if (++done % GOLDEN_EVERY === 0) await askGolden(plan, connection, seed);
    }
    own.close();
  };
  await Promise.all(
    connections.flatMap((connection) => Array.from({ length: STREAMS }, () => work(connection))),
  );
  for (const connection of connections) connection.close();
}

export interface Connections {
  /** With other calls under way. */
  readonly shared: GrpcConnection;
  /** With one call at a time. */
  readonly own: GrpcConnection;
}

export async function runGrpcCase(
  plan: Plan,
  connections: Connections,
  seed: number,
): Promise<void> {
  if (seed % HTTP2_EVERY === 0) return runHttp2Case(plan, seed);
  const made = grpcCase(plan.world, new Random(seed));
  const kind = `grpc: ${made.kind}`;
  const add = (problem: string, answer?: GrpcAnswer): void =>
    plan.findings.add({
      id: caseId("grpc", seed),
      kind,
      problem,
      sent: `${JSON.stringify(made.headers)}\n${excerpt(made.body)}`,
      ...(answer === undefined ? {} : { got: describe(answer) }),
    });
  try {
    const connection = RISKY.has(made.kind) ? connections.own : connections.shared;
    const answer = await ask(plan, connection, made.headers, made.body, made.cancelled);
    if (plan.signal.aborted) return;
    plan.findings.count(kind, outcomeOf(answer, made.cancelled));
    if (made.cancelled) return;
    if (answer === undefined) {
      if (made.judgement !== undefined) add(`the connection ended under it ${MAX_TRIES} times`);
      return;
    }
    const problem = checkGrpc(answer, made.judgement);
    if (problem !== undefined) add(problem, answer);
  } catch (error) {
    plan.findings.count(kind, "no answer");
    add((error as Error).message);
  }
}

/** Bytes on a connection of their own: whatever they do to it, the others go on. */
async function runHttp2Case(plan: Plan, seed: number): Promise<void> {
  const bytes = http2Bytes(new Random(seed));
  const { closed } = await converse(plan.grpcPort, [bytes], "wait", QUIET_MS);
  plan.findings.count("grpc: HTTP/2 frames", closed ? "closed" : "silence");
}

async function askGolden(plan: Plan, connection: GrpcConnection, seed: number): Promise<void> {
  const random = new Random(seed);
  const signature = random.pick(goldenModels(plan.world.models));
  const message = writeInfer(draftInfer(signature, validInputs(signature, 1, random), random));
  const judgement = judgeModelInfer(plan.world.signatures, message);
  const headers = requestHeaders("ModelInfer");
  const answer = await ask(plan, connection, headers, framed(message), false).catch(
    () => undefined,
  );
  if (plan.signal.aborted) return;
  const problem = answer === undefined ? "no answer" : checkGrpc(answer, judgement);
  if (problem === undefined) plan.findings.golden++;
  else
    plan.findings.add({
      id: undefined,
      kind: "grpc: golden",
      problem,
      sent: excerpt(message),
      ...(answer === undefined ? {} : { got: describe(answer) }),
    });
}

/** Calls again when another call took the connection down. */
async function ask(
  plan: Plan,
  connection: GrpcConnection,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  cancelled: boolean,
): Promise<GrpcAnswer | undefined> {
  for (let tries = 0; tries < MAX_TRIES && !plan.signal.aborted; tries++) {
    const answer = await connection.call(headers, body, cancelled);
    if (answer !== undefined || cancelled) return answer;
    await sleep(5);
  }
  return undefined;
}

function outcomeOf(answer: GrpcAnswer | undefined, cancelled: boolean): string {
  if (cancelled) return "cancelled";
  if (answer === undefined) return "connection ended";
  const { httpStatus, status, reset } = answer;
  if (status !== undefined) return `status ${status}`;
  return reset === undefined ? `HTTP ${String(httpStatus)}` : `reset ${reset}`;
}

function describe({ httpStatus, status, message, reset, body }: GrpcAnswer): string {
  return `HTTP ${String(httpStatus)}, grpc-status ${String(status)}, reset ${String(reset)}: ${message}\n${excerpt(body)}`;
}
