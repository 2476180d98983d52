import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { API_PORT } from "../components/apiserver";
import { NODE_NAME } from "../components/kubelet";
import type { ClusterSettings } from "../settings";

/** kubeadm's certificates live a year; they are made anew before that. */
const RENEW_AFTER_MS = 300 * 24 * 3600 * 1000;

/**
 * Certificates and kubeconfigs, made by kubeadm. Kept between starts while they are young and the addresses are the same.
 * @throws Error with kubeadm's own words
 */
export function ensurePki(settings: ClusterSettings, kubernetes: string): void {
  const { directory, ports, link } = settings;
  const configuration = stringifyAll(kubeadmConfiguration(settings));
  const configurationFile = path.join(directory, "kubeadm.yaml");
  const admin = path.join(directory, "kubeconfigs", "admin.conf");
  if (isFresh(admin) && read(configurationFile) === configuration) return;

  for (const made of ["pki", "kubeconfigs", "kubelet/pki"]) {
    fs.rmSync(path.join(directory, made), { recursive: true, force: true });
  }
  fs.writeFileSync(configurationFile, configuration);
  const kubeadm = (...args: string[]): string => {
    const result = spawnSync(kubernetes, ["kubeadm", ...args], { encoding: "utf8" });
    if (result.status !== 0)
      throw new Error(`kubeadm ${args[0]} ${args[2]}: ${result.stderr.trim()}`);
    return result.stdout;
  };
  const kubeconfigs = path.join(directory, "kubeconfigs.new");
  fs.rmSync(kubeconfigs, { recursive: true, force: true });
  fs.mkdirSync(kubeconfigs, { recursive: true, mode: 0o700 });
  kubeadm("init", "phase", "certs", "all", `--config=${configurationFile}`);
  kubeadm(
    "init",
    "phase",
    "kubeconfig",
    "all",
    `--config=${configurationFile}`,
    `--kubeconfig-dir=${kubeconfigs}`,
  );
  const proxy = kubeadm(
    "kubeconfig",
    "user",
    "--client-name=system:kube-proxy",
    `--config=${configurationFile}`,
  );
  write(path.join(kubeconfigs, "kube-proxy.conf"), proxy);
  const dns = kubeadm(
    "kubeconfig",
    "user",
    "--client-name=system:coredns",
    "--org=system:masters",
    `--config=${configurationFile}`,
  );
  write(path.join(kubeconfigs, "coredns.conf"), dns);

  const inside = fs.readFileSync(path.join(kubeconfigs, "super-admin.conf"), "utf8");
  const outside = inside
    .replace(`https://${link.nodeAddress}:${API_PORT}`, `https://127.0.0.1:${ports.api}`)
    .replaceAll("kubernetes-super-admin@kubernetes", `modelport-${settings.name}`)
    .replaceAll("kubernetes-super-admin", "modelport-admin")
    .replaceAll(/: kubernetes$/gm, `: modelport-${settings.name}`);
  write(path.join(kubeconfigs, "admin.conf"), outside);
  // Last, so that an interrupted run is repeated as a whole.
  fs.renameSync(kubeconfigs, path.join(directory, "kubeconfigs"));
}

function kubeadmConfiguration({
  directory,
  kubernetesVersion,
  link,
  podCidr,
  serviceCidr,
}: ClusterSettings): object[] {
  const apiVersion = "kubeadm.k8s.io/v1beta4";
  return [
    {
      apiVersion,
      kind: "InitConfiguration",
      localAPIEndpoint: { advertiseAddress: link.nodeAddress, bindPort: API_PORT },
      nodeRegistration: { name: NODE_NAME, criSocket: "unix:///run/containerd/containerd.sock" },
    },
    {
      apiVersion,
      kind: "ClusterConfiguration",
      kubernetesVersion: `v${kubernetesVersion}`,
      certificatesDir: path.join(directory, "pki"),
      controlPlaneEndpoint: `${link.nodeAddress}:${API_PORT}`,
      apiServer: { certSANs: ["127.0.0.1", "localhost", link.nodeAddress] },
      networking: { podSubnet: podCidr, serviceSubnet: serviceCidr },
    },
  ];
}

function stringifyAll(documents: object[]): string {
  return documents.map((document) => stringify(document)).join("---\n");
}

function isFresh(file: string): boolean {
  const made = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - made < RENEW_AFTER_MS;
}

function read(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
}

function write(file: string, contents: string): void {
  fs.writeFileSync(file, contents, { mode: 0o600 });
}
