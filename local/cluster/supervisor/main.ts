/**
 * The embedded cluster's owner: a daemon that makes the sandbox, starts every component in it, watches and restarts
 * them, forwards ports, and takes it all away. Started by {@link file://../index.ts} with the cluster's directory.
 */
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { thisProcess } from "../../toolchain/process-identity";
import { readSupervisor, supervisorPath } from "../info";
import { Supervisor, type SupervisorPlan } from "./supervisor";

async function main(directory: string): Promise<void> {
  const plan = JSON.parse(
    fs.readFileSync(path.join(directory, "plan.json"), "utf8"),
  ) as SupervisorPlan;
  const supervisor = new Supervisor(plan);
  const control = http.createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(supervisor.status()));
    if (request.method === "POST" && request.url === "/stop") void end(0);
  });
  let ending = false;
  const end = async (code: number): Promise<void> => {
    if (ending) return;
    ending = true;
    control.close();
    await supervisor.stop();
    process.exit(code);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void end(0));
  process.on("SIGHUP", () => undefined);
  supervisor.onLost(() => void end(1));

  claim(directory);
  fs.mkdirSync(plan.settings.runDirectory, { recursive: true, mode: 0o700 });
  const socket = path.join(plan.settings.runDirectory, "control.sock");
  fs.rmSync(socket, { force: true });
  control.listen(socket);
  try {
    await supervisor.start();
  } catch (error) {
    fs.writeFileSync(path.join(directory, "error.txt"), (error as Error).message);
    await end(1);
  }
}

/** One supervisor a cluster; a file left by a dead one is no obstacle. */
function claim(directory: string): void {
  const owner = readSupervisor(directory);
  if (owner !== undefined) throw new Error(`process ${owner.pid} owns this cluster`);
  fs.writeFileSync(supervisorPath(directory), JSON.stringify(thisProcess()));
}

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: supervisor <cluster directory>");
main(directory).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
