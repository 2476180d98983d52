import type * as net from "node:net";
import { forward, type Endpoint } from "./forwarder";

/** A loopback address, and the node's port that it leads to. */
export interface Forward {
  readonly at: Endpoint;
  readonly nodePort: number;
}

/** What could not be opened, and why. */
export interface Unopened extends Forward {
  readonly error: NodeJS.ErrnoException;
}

/** Listeners on this machine's loopback addresses, each passing connections on to a port of the node. */
export class Forwarders {
  private readonly owners = new Map<string, Map<string, net.Server>>();

  constructor(private readonly nodeAddress: string) {}

  /** Opens and closes until the owner has these and no others. @returns those that it couldn't be given */
  async set(owner: string, forwards: readonly Forward[]): Promise<Unopened[]> {
    const listeners = this.owners.get(owner) ?? new Map<string, net.Server>();
    const wanted = new Map(forwards.map((one) => [name(one), one]));
    for (const [known, listener] of listeners) {
      if (wanted.has(known)) continue;
      listener.close();
      listeners.delete(known);
    }
    const unopened: Unopened[] = [];
    for (const [known, { at, nodePort }] of wanted) {
      if (listeners.has(known)) continue;
      try {
        listeners.set(known, await forward(at, { host: this.nodeAddress, port: nodePort }));
      } catch (error) {
        unopened.push({ at, nodePort, error: error as NodeJS.ErrnoException });
      }
    }
    if (listeners.size === 0) this.owners.delete(owner);
    else this.owners.set(owner, listeners);
    return unopened;
  }

  close(): void {
    for (const listeners of this.owners.values())
      for (const listener of listeners.values()) listener.close();
    this.owners.clear();
  }
}

const name = ({ at, nodePort }: Forward): string => `${at.host}:${at.port} ${nodePort}`;
