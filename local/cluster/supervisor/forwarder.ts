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
    const drop = (): void => {
      incoming.destroy();
      outgoing.destroy();
    };
    incoming.on("error", drop).pipe(outgoing).on("error", drop).pipe(incoming);
  });
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(at.port, at.host, () => resolve(listener));
  });
}
