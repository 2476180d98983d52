import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";

/**
 * The environment of a test that runs a cluster and stacks: their own state directory, ports and link, so that a
 * cluster that somebody works with is neither used nor disturbed. The tool cache is the user's.
 */
export async function isolatedEnvironment(): Promise<Record<string, string>> {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-test-"));
  return {
    XDG_STATE_HOME: state,
    MODELPORT_API_PORT: String(await freePort()),
    MODELPORT_REGISTRY_PORT: String(await freePort()),
    MODELPORT_LINK: freeLink(),
  };
}

const PORTS = { first: 20_000, count: 10_000 };
const givenPorts = new Set<number>();

/**
 * A port of 127.0.0.1 that nobody has, for later: none of those that the system gives to whoever asks for any, nor a node port, nor one that
 * was given before.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    if (givenPorts.has(port) || !(await isFree(port))) continue;
    givenPorts.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** A /30 in a range that no interface of this machine is in, any: somebody else may choose one before this one is there. */
function freeLink(): string {
  const taken = Object.values(os.networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
  const free = Array.from({ length: 176 }, (_, index) => `10.213.${80 + index}.`).filter(
    (prefix) => !taken.some((address) => address.startsWith(prefix)),
  );
  const prefix = free[Math.floor(Math.random() * free.length)];
  if (prefix === undefined) throw new Error("no free link network");
  return `${prefix}0/30`;
}

/**
 * Gives this process the variables that it had. In place: another object in the place of `process.env` is one that nothing native sees,
 * such as `os.tmpdir()`.
 */
export function restoreVariables(before: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env))
    if (!(name in before)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
}
