/** A stand-in may only touch clusters on this machine: everything else deserves the official plugin. */
import * as dns from "node:dns/promises";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { runningClusters } from "../../cluster/info";

export interface Machine {
  interfaces: NodeJS.Dict<os.NetworkInterfaceInfo[]>;
  /** Addresses of embedded clusters' nodes. */
  nodeAddresses: string[];
  /** A bridge none of whose ports is a physical device: minikube's and kind's networks. */
  isVirtualBridge(interfaceName: string): boolean;
  resolve(host: string): Promise<string[]>;
}

/** @throws Error saying why not, and what to do */
export async function requireLocal(
  server: string,
  machine: Machine = thisMachine(),
): Promise<void> {
  const host = new URL(server).hostname.replace(/^\[|\]$/g, "");
  const addresses = net.isIP(host) === 0 ? await machine.resolve(host) : [host];
  if (addresses.length > 0 && addresses.every((address) => isLocal(address, machine))) return;
  throw new Error(
    `this is modelport's stand-in for Pulumi's Kubernetes provider; it works with clusters on this machine only, and ${server} is not one. ` +
      "Install the official plugin: pulumi plugin install resource kubernetes",
  );
}

export function isLocal(address: string, machine: Machine): boolean {
  if (isLoopback(address)) return true;
  const attached = Object.entries(machine.interfaces).filter(([, infos]) =>
    infos?.some((info) => info.cidr !== null && contains(info.cidr, info.family, address)),
  );
  if (attached.length === 0) return false;
  return (
    machine.nodeAddresses.includes(address) ||
    attached.some(([name]) => machine.isVirtualBridge(name))
  );
}

function isLoopback(address: string): boolean {
  return contains("127.0.0.0/8", "IPv4", address) || address === "::1";
}

function contains(cidr: string, family: "IPv4" | "IPv6", address: string): boolean {
  const type = family === "IPv4" ? "ipv4" : "ipv6";
  if (net.isIP(address) !== (family === "IPv4" ? 4 : 6)) return false;
  const [network = "", bits = ""] = cidr.split("/");
  const list = new net.BlockList();
  list.addSubnet(network, Number(bits), type);
  return list.check(address, type);
}

function thisMachine(): Machine {
  return {
    interfaces: os.networkInterfaces(),
    nodeAddresses: runningClusters().map(({ nodeAddress }) => nodeAddress),
    isVirtualBridge,
    resolve: async (host) => {
      try {
        return (await dns.lookup(host, { all: true })).map(({ address }) => address);
      } catch {
        return [];
      }
    },
  };
}

function isVirtualBridge(interfaceName: string): boolean {
  const device = path.join("/sys/class/net", interfaceName);
  if (!fs.existsSync(path.join(device, "bridge"))) return false;
  return listFolder(path.join(device, "brif")).every(
    (port) => !fs.existsSync(path.join("/sys/class/net", port, "device")),
  );
}

function listFolder(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}
