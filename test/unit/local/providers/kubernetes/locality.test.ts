import assert from "node:assert/strict";
import type { NetworkInterfaceInfo } from "node:os";
import { requireLocal, type Machine } from "../../../../../local/providers/kubernetes/locality";

const ipv4 = (cidr: string): NetworkInterfaceInfo => ({
  address: cidr.replace(/\/.*/, ""),
  netmask: "",
  family: "IPv4",
  mac: "",
  internal: false,
  cidr,
});

const machine: Machine = {
  interfaces: {
    lo: [ipv4("127.0.0.1/8")],
    eth0: [ipv4("192.0.2.10/24")],
    "br-minikube": [ipv4("192.168.49.1/24")],
    mp0: [ipv4("10.213.77.1/30")],
  },
  nodeAddresses: ["10.213.77.2", "10.99.0.2"],
  isVirtualBridge: (name) => name === "br-minikube",
  resolve: (host) =>
    Promise.resolve(
      {
        localhost: ["127.0.0.1", "::1"],
        "gke.example": ["203.0.113.7"],
        "both.example": ["127.0.0.1", "203.0.113.7"],
      }[host] ?? [],
    ),
};

describe("a stand-in's clusters", () => {
  const local = {
    "https://127.0.0.1:6443": "loopback",
    "https://127.8.9.1": "all of 127/8 is loopback",
    "https://[::1]:6443": "loopback, IPv6",
    "https://localhost:6443": "a name of loopback addresses only",
    "https://10.213.77.2:6443": "an embedded cluster's node, on a link of this machine",
    "https://192.168.49.2:8443": "behind a bridge without physical ports: minikube",
  };
  for (const [server, why] of Object.entries(local))
    it(`include ${server}: ${why}`, () => requireLocal(server, machine));

  const foreign = {
    "https://203.0.113.7": "an address out there",
    "https://192.0.2.77:6443": "a neighbour on the physical network",
    "https://10.213.77.1:6443": "on the link, but no node of ours",
    "https://10.99.0.2:6443": "a node of ours that no interface leads to",
    "https://gke.example": "a name of an address out there",
    "https://both.example": "a name of a loopback address and another",
    "https://nowhere.example": "a name nobody knows",
  };
  for (const [server, why] of Object.entries(foreign))
    it(`exclude ${server}: ${why}`, async () => {
      await assert.rejects(
        requireLocal(server, machine),
        /pulumi plugin install resource kubernetes/,
      );
    });
});
