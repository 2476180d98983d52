import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import { ExitCode, UserError } from "../errors";
import type { ClusterSettings } from "./settings";

/** What must hold before anything of the cluster is made. @throws UserError, the first fault found */
export async function checkMachine(settings: ClusterSettings): Promise<void> {
  if (process.platform !== "linux") {
    throw new UserError("the embedded cluster runs on Linux only", {
      why: `this is ${process.platform}; everything else works here`,
      fix: "use minikube (--stack dev) or a cluster you have (target: existing)",
      exitCode: ExitCode.environment,
    });
  }
  if (process.geteuid?.() !== 0) {
    throw new UserError("the embedded cluster needs root", {
      why: "network namespaces, mounts and control groups are made for it",
      fix: "run the same command as root, or use minikube (--stack dev) or a cluster you have (target: existing)",
      exitCode: ExitCode.environment,
    });
  }
  if (!fs.existsSync("/sys/fs/cgroup")) {
    throw new UserError("control groups are not mounted", {
      why: "/sys/fs/cgroup is missing, and the kubelet can't run without",
      fix: "mount them (mount -t cgroup2 none /sys/fs/cgroup) or use another machine",
      exitCode: ExitCode.environment,
    });
  }
  checkLink(settings);
  checkCertificates(settings.egress.certificates);
  await checkPort(settings.ports.api, "MODELPORT_API_PORT", "the Kubernetes API");
  await checkPort(settings.ports.registry, "MODELPORT_REGISTRY_PORT", "the container registry");
}

function checkCertificates(file: string | undefined): void {
  if (file === undefined) return;
  const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
  if (text?.includes("-----BEGIN CERTIFICATE-----") === true) return;
  throw new UserError(`MODELPORT_CLUSTER_CA=${file} is not a file of certificates`, {
    why: text === undefined ? "there is no such file" : "it holds no certificate in PEM",
    fix: "name a file with -----BEGIN CERTIFICATE-----, or unset the variable",
    exitCode: ExitCode.environment,
  });
}

/** The link's network must not be one this machine is in already. */
function checkLink({ link }: ClusterSettings): void {
  for (const [device, addresses] of Object.entries(os.networkInterfaces())) {
    if (device === link.device) continue;
    for (const { address, netmask, family } of addresses ?? []) {
      if (family !== "IPv4" || !inNetwork(link.nodeAddress, address, netmask)) continue;
      throw new UserError(
        `the cluster's address ${link.nodeAddress} is in a network of this machine`,
        {
          why: `${device} has ${address} with netmask ${netmask}`,
          fix: "choose a free /30 network, for example MODELPORT_LINK=10.99.99.0/30",
          exitCode: ExitCode.environment,
        },
      );
    }
  }
}

function inNetwork(candidate: string, address: string, netmask: string): boolean {
  const bits = number(netmask);
  return (number(candidate) & bits) === (number(address) & bits);
}

function number(address: string): number {
  return address.split(".").reduce((sum, octet) => (sum << 8) | Number(octet), 0);
}

function checkPort(port: number, variable: string, use: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new UserError(`port ${port} on 127.0.0.1, meant for ${use}, is not free`, {
          why: error.code === "EADDRINUSE" ? "another program listens there" : error.message,
          fix: `end that program, or choose another port: ${variable}=${port + 1}`,
          exitCode: ExitCode.environment,
        }),
      ),
    );
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}
