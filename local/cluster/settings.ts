import * as crypto from "node:crypto";
import * as path from "node:path";
import { ExitCode, UserError } from "../errors";
import { stateDir } from "../paths";
import { DEFAULT_CLUSTER, clusterDir } from "./info";

/** Everything about one embedded cluster that is decided before anything starts. */
export interface ClusterSettings {
  name: string;
  /** Eight hex digits of name and state directory: keeps devices and directories of two users apart. */
  id: string;
  /** Data, configuration and logs. */
  directory: string;
  /** Sockets that the machine's own processes use; short, since a socket's path has 107 bytes at most. */
  runDirectory: string;
  kubernetesVersion: string;
  /** Forwarders on 127.0.0.1. */
  ports: { api: number; registry: number };
  /** The link between this machine and the cluster's network namespace: a /30. */
  link: { device: string; hostAddress: string; nodeAddress: string };
  podCidr: string;
  serviceCidr: string;
  /**
   * What image builds and pulls go through, as the user gave it. Default: nothing, the cluster's network has no way out.
   * Both become {@link file://./components/egress.ts} of dockerd and containerd.
   */
  egress: { proxy: string | undefined; certificates: string | undefined };
  /** First three octets of the addresses that Services of type LoadBalancer get; undefined: none get one. */
  loadBalancer: string | undefined;
  /** The control group that the kubelet's and the Docker daemon's containers are in. */
  cgroup: string;
}

/**
 * Settings come from the environment, because one machine has one embedded cluster:
 * - MODELPORT_API_PORT (16443), MODELPORT_REGISTRY_PORT (15000), MODELPORT_LINK (10.213.77.0/30);
 * - MODELPORT_CLUSTER_PROXY: an HTTP proxy that this machine reaches, `http://[user:password@]host:port`; images that aren't
 *   in the cluster's own registry are pulled, pushed and built on through it. Default: none, so such images can't be had;
 * - MODELPORT_CLUSTER_CA: a file of certificates, PEM, that are trusted then besides the machine's own. Default: none;
 * - MODELPORT_LOAD_BALANCER: `off` where something else gives addresses to Services of type LoadBalancer. Default: on.
 */
export function clusterSettings(name: string = DEFAULT_CLUSTER): ClusterSettings {
  const id = crypto.createHash("sha256").update(`${stateDir()}\0${name}`).digest("hex").slice(0, 8);
  return {
    name,
    id,
    directory: clusterDir(name),
    runDirectory: path.join("/run/modelport", id),
    kubernetesVersion: "1.34.4",
    ports: {
      api: port("MODELPORT_API_PORT", 16443),
      registry: port("MODELPORT_REGISTRY_PORT", 15000),
    },
    link: { device: `mp-${id}`, ...link("MODELPORT_LINK", "10.213.77.0/30") },
    egress: {
      proxy: proxy("MODELPORT_CLUSTER_PROXY"),
      certificates: file("MODELPORT_CLUSTER_CA"),
    },
    loadBalancer: loadBalancer("MODELPORT_LOAD_BALANCER", id),
    podCidr: "10.244.0.0/16",
    serviceCidr: "10.96.0.0/16",
    cgroup: `modelport-${id}`,
  };
}

function given(variable: string): string | undefined {
  const text = process.env[variable];
  return text === "" ? undefined : text;
}

function file(variable: string): string | undefined {
  const text = given(variable);
  return text === undefined ? undefined : path.resolve(text);
}

function proxy(variable: string): string | undefined {
  const text = given(variable);
  if (text === undefined) return undefined;
  const { protocol, hostname, pathname } = URL.canParse(text) ? new URL(text) : new URL("none:/");
  if (protocol === "http:" && hostname !== "" && pathname === "/") return text;
  const shown = text.replace(/\/\/.*@/, "//…@");
  throw new UserError(`${variable}=${shown} is not the URL of an HTTP proxy`, {
    why: "image pulls make tunnels through a proxy that speaks plain HTTP",
    fix: "use the form http://proxy.example.com:3128",
    exitCode: ExitCode.usage,
  });
}

/** Two clusters of a machine have different ids, mostly with another second byte of 127.213.0.0/16, all of it loopback. */
function loadBalancer(variable: string, id: string): string | undefined {
  const text = given(variable) ?? "on";
  if (text === "off") return undefined;
  if (text === "on") return `127.213.${parseInt(id.slice(0, 2), 16)}`;
  throw new UserError(`${variable}=${text} is neither on nor off`, {
    why: "it says whether Services of type LoadBalancer get an address of this machine",
    fix: `unset ${variable} to have them get one`,
    exitCode: ExitCode.usage,
  });
}

function port(variable: string, fallback: number): number {
  const text = given(variable);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  throw new UserError(`${variable}=${text} is not a port`, {
    why: "it must be a whole number from 1 to 65535",
    fix: `unset ${variable} to use ${fallback}`,
    exitCode: ExitCode.usage,
  });
}

function link(variable: string, fallback: string): { hostAddress: string; nodeAddress: string } {
  const text = given(variable) ?? fallback;
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/30$/.exec(text);
  const octets = match?.slice(1).map(Number) ?? [];
  const [a, b, c, last] = octets;
  if (last === undefined || octets.some((octet) => octet > 255) || last % 4 !== 0) {
    throw new UserError(`${variable}=${text} is not a /30 network`, {
      why: "the cluster's link to this machine has two addresses",
      fix: `use the form ${fallback}, the last number a multiple of 4`,
      exitCode: ExitCode.usage,
    });
  }
  return { hostAddress: `${a}.${b}.${c}.${last + 1}`, nodeAddress: `${a}.${b}.${c}.${last + 2}` };
}
