import * as net from "node:net";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens at an address and passes every connection on to another one.
 * @throws when the address is taken, or isn't this machine's
 */
export function forward(at: Endpoint, target: Endpoint): Promise<net.Server> {
  const options = { allowHalfOpen: true, noDelay: true };
  const listener = net.createServer(options, (incoming) => {
    const outgoing = net.connect({ host: target.host, port: target.port, ...options });
    incoming.pipe(outgoing).pipe(incoming);
    cutTogether(incoming, outgoing);
    cutTogether(outgoing, incoming);
  });
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(at.port, at.host, () => resolve(listener));
  });
}

/** An end that is in order goes on through the pipe; any other ends the other connection too. */
function cutTogether(one: net.Socket, other: net.Socket): void {
  one.on("error", () => other.destroy());
  one.once("close", () => {
    if (!one.readableEnded) other.destroy();
  });
}
