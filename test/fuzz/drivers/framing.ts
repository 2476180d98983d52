import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { LINGER_MS } from "../../../app/server/transports/connection";
import { excerpt } from "../findings";
import { goldenCase } from "../generate/golden";
import type { HttpCase } from "../generate/case";
import { framingCase } from "../generate/framing-cases";
import type { FramingCase } from "../generate/framing-types";
import { caseId } from "../generate/protocols";
import { judgeTranscript, type Transcript } from "../oracle/transcript";
import { Random } from "../random";
import { type Plan, schedule } from "./plan";

/** Connections at once. */
const AT_ONCE = 24;
/** What is not complete is given up after so long without a byte: the server waits for us. */
const QUIET_MS = 100;
/** A server that was asked to end a connection, or that refused it, has so long to do so. */
const CLOSE_MS = 9000;

/** Puts odd bytes to the server, each case on a connection of its own. */
export async function fuzzFraming(plan: Plan): Promise<void> {
  const cases = schedule(plan, ["framing"]);
  const work = async (): Promise<void> => {
    for (const { seed } of cases) {
      if (plan.signal.aborted) return;
      await runFramingCase(plan, seed);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

export async function runFramingCase(plan: Plan, seed: number): Promise<void> {
  const made = framingCase(new Random(seed));
  const before = Array.from({ length: made.before }, (_, i) => goldenCase(plan.world, seed + i));
  const after = made.end === "golden" ? closing(goldenCase(plan.world, seed - 1)) : undefined;
  const parts = [
    ...(before.length === 0 ? [] : [Buffer.concat(before.map(bytesOf))]),
    ...made.parts,
    ...(after === undefined ? [] : [bytesOf(after)]),
  ];
  // What comes right behind the odd bytes is read with them: that is where servers get out of step.
  if (parts.length < 4) parts.splice(0, parts.length, Buffer.concat(parts));
  const patience = made.outcome.verdict === "incomplete" ? QUIET_MS : CLOSE_MS;
  const id = caseId("framing", seed);
  plan.underWay.add(id);
  const put = async () => {
    const began = performance.now();
    const transcript = await converse(plan.port, parts, made.end, patience);
    const verdict = judgeTranscript(made, before, after, transcript);
    return { transcript, ...verdict, took: performance.now() - began };
  };
  let { transcript, problem, outcome, took } = await put();
  // Whoever is refused has so long to read why: where the machine stood still meanwhile, that says nothing of the server.
  for (let again = 0; problem !== undefined && took > LINGER_MS && again < 2; again++)
    ({ transcript, problem, outcome, took } = await put());
  if (plan.signal.aborted) return;
  plan.underWay.delete(id);
  const kind = `framing: ${made.kind}`;
  plan.findings.count(kind, outcome);
  if (problem === undefined) plan.findings.golden += before.length;
  else
    plan.findings.add({
      id,
      kind,
      problem,
      sent: excerpt(Buffer.concat(parts), 2000),
      got: excerpt(transcript.bytes, 2000),
    });
}

/** The request that ends the connection when it is answered. */
function closing(golden: HttpCase): HttpCase {
  return { ...golden, head: golden.head.replace("\r\n", "\r\nConnection: close\r\n") };
}

function bytesOf({ head, body }: HttpCase): Buffer {
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}

/**
 * Sends `parts` one by one and collects what comes back.
 * @param patience milliseconds without a byte after which our side ends the connection, if the server doesn't before
 */
export function converse(
  port: number,
  parts: readonly Buffer[],
  end: FramingCase["end"],
  patience: number,
): Promise<Transcript> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let settled = false;
    let broken: string | undefined;
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const settle = (closed: boolean): void => {
      if (settled) return;
      settled = true;
      clearTimeout(quiet);
      socket.destroy();
      resolve({ bytes: Buffer.concat(chunks), closed, error: broken });
    };
    let quiet = setTimeout(() => settle(false), CLOSE_MS);
    const restart = (): void => {
      clearTimeout(quiet);
      quiet = setTimeout(() => settle(false), patience);
    };
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      restart();
    });
    socket.on("end", () => settle(true));
    socket.on("close", () => settle(true));
    socket.on("error", (error: NodeJS.ErrnoException) => (broken = error.code ?? error.message));
    socket.on("connect", () => {
      void send().then(() => {
        restart();
        if (end === "half-close") socket.end();
        // As soon as the first answer may have left: the second one finds nobody.
        if (end === "leave") setTimeout(() => settle(true), parts.length % 4);
        if (end === "reset") {
          socket.resetAndDestroy();
          settle(true);
        }
      });
    });

    async function send(): Promise<void> {
      for (const [i, part] of parts.entries()) {
        if (settled) return;
        if (i > 0) await sleep(1);
        socket.write(part);
      }
    }
  });
}
