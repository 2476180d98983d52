import { execFile } from "node:child_process";
import * as net from "node:net";
import { promisify } from "node:util";
import { messageOf, ProgramError } from "../errors";

const TIMEOUT_MS = 5000;

/**
 * Makes sure that images can be built, before anything is registered.
 *
 * @param host address of the daemon. Default: the Docker CLI's own
 * @throws ProgramError when no daemon answers, or the address is the CLI's and there is no CLI
 */
export async function checkDockerDaemon(host: string | undefined): Promise<void> {
  try {
    if (host?.startsWith("unix://") === true) await accepts(host.slice("unix://".length));
    else await askClient(host);
  } catch (error) {
    const where = host ?? process.env["DOCKER_HOST"] ?? "its default address";
    const lacksClient = (error as NodeJS.ErrnoException).code === "ENOENT" && host === undefined;
    throw new ProgramError("images can't be built here", {
      why: lacksClient
        ? "there is no docker command on PATH"
        : `no Docker daemon answers at ${where}: ${complaint(error)}`,
      fix: "start Docker, or name a daemon that runs: DOCKER_HOST=unix:///path/of/docker.sock",
    });
  }
}

/** The client's own words, where it has some. */
function complaint(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  return stderr === undefined || stderr.trim() === "" ? messageOf(error) : stderr.trim();
}

function accepts(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path, timeout: TIMEOUT_MS }, () => {
      socket.destroy();
      resolve();
    });
    socket.once("timeout", () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    socket.once("error", reject);
  });
}

/** Only the client knows its contexts, and how to reach a daemon through ssh. */
async function askClient(host: string | undefined): Promise<void> {
  const program = process.env["MODELPORT_DOCKER"] ?? "docker";
  await promisify(execFile)(program, ["version", "--format", "{{.Server.Version}}"], {
    env: { ...process.env, ...(host === undefined ? {} : { DOCKER_HOST: host }) },
    timeout: TIMEOUT_MS,
  });
}
