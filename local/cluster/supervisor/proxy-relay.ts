import type { AddressInfo } from "node:net";
import type { ClusterSettings } from "../settings";
import { forward } from "./forwarder";

/**
 * The sandbox reaches this machine's end of the link and nothing else: there the proxy is made to answer, wherever it is.
 * @returns its URL as the sandbox knows it, undefined where there is no proxy
 */
export async function relayProxy({ egress, link }: ClusterSettings): Promise<string | undefined> {
  if (egress.proxy === undefined) return undefined;
  const proxy = new URL(egress.proxy);
  if (proxy.hostname === link.hostAddress) return egress.proxy;
  const relay = await forward(
    { host: link.hostAddress, port: 0 },
    { host: proxy.hostname, port: Number(proxy.port || 80) },
  );
  proxy.hostname = link.hostAddress;
  proxy.port = String((relay.address() as AddressInfo).port);
  return proxy.href;
}
