import * as net from "node:net";
import { ExitCode, UserError } from "../../local/errors";

const HIGHEST_PORT = 65_535;

/** Gives out ports of 127.0.0.1 that nobody listens on, none of them twice. */
export class PortPool {
  private readonly given = new Set<number>();

  /** The port wished for, or the next one that is free. */
  async next(wished: number): Promise<number> {
    for (let port = wished; port <= HIGHEST_PORT; port++)
      if (!this.given.has(port) && (await isFree(port))) {
        this.given.add(port);
        return port;
      }
    throw new UserError(`no port from ${wished} on is free`, { exitCode: ExitCode.environment });
  }

  /** Exactly this port. @param who needs it, for people @throws UserError if it is taken */
  async exactly(port: number, who: string, fix: string): Promise<number> {
    if (this.given.has(port) || !(await isFree(port)))
      throw new UserError(`port ${port} of 127.0.0.1 is taken`, {
        why: `${who} needs it, and another program or service listens there`,
        fix,
        exitCode: ExitCode.environment,
      });
    this.given.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
