import { serve } from "./campaign";
import { runFramingCase } from "./drivers/framing";
import { runGrpcCase } from "./drivers/grpc";
import { runHttpCase } from "./drivers/http";
import type { Plan } from "./drivers/plan";
import { Findings } from "./findings";
import { isHttp, parseCaseId } from "./generate/protocols";
import { renderFinding } from "./report";
import { GrpcConnection } from "./wire/grpc-connection";

/** Sends one case again, alone, and shows what was sent and what came back. */
export async function replay(name: string): Promise<number> {
  const { protocol, seed } = parseCaseId(name);
  const { server, world } = await serve();
  const findings = new Findings();
  const plan: Plan = {
    port: server.port,
    grpcPort: server.grpcPort,
    world,
    seed: 0,
    counts: new Map(),
    findings,
    underWay: new Set(),
    signal: new AbortController().signal,
  };
  try {
    if (isHttp(protocol)) process.stdout.write(`${await runHttpCase(plan, protocol, seed)}\n`);
    else if (protocol === "framing") await runFramingCase(plan, seed);
    else {
      const connection = new GrpcConnection(plan.grpcPort);
      await runGrpcCase(plan, { shared: connection, own: connection }, seed);
      connection.close();
    }
    for (const line of server.takeFaults())
      findings.add({ id: undefined, kind: "log", problem: `it logged ${line}` });
  } finally {
    await server.stop();
  }
  for (const finding of findings.kept) process.stdout.write(`${renderFinding(finding)}\n`);
  for (const [kind, { outcomes }] of findings.tallies)
    process.stdout.write(`${kind}: ${[...outcomes.keys()].join()}\n`);
  process.stdout.write(`${findings.violations} violations\n`);
  return findings.violations === 0 ? 0 : 1;
}
