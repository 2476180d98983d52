import type { AddressInfo } from "node:net";
import type { ClusterSettings } from "../settings";
import { forward } from "./forwarder";

/** A proxy as the sandbox knows it. */
export interface Relay {
  readonly url: string;
  close(): void;
}

/**
 * The sandbox reaches this machine's end of the link and nothing else: there the proxy is made to answer, wherever it is.
 * @returns undefined where there is no proxy
 */
export async function relayProxy({
  egress,
  link,
}: Pick<ClusterSettings, "egress" | "link">): Promise<Relay | undefined> {
  if (egress.proxy === undefined) return undefined;
  const proxy = new URL(egress.proxy);
  if (proxy.hostname === link.hostAddress) return { url: egress.proxy, close: () => undefined };
  const relay = await forward(
    { host: link.hostAddress, port: 0 },
    // URLs put an IPv6 address in brackets.
    { host: proxy.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(proxy.port || 80) },
  );
  proxy.hostname = link.hostAddress;
  proxy.port = String((relay.address() as AddressInfo).port);
  return { url: proxy.href, close: () => void relay.close() };
}
