import { spawnSync } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { API_PORT } from "../components/apiserver";
import { NODE_NAME } from "../components/kubelet";
import type { ClusterSettings } from "../settings";

/** kubeadm's certificates live a year; they are made anew before that. */
const RENEW_AFTER_MS = 300 * 24 * 3600 * 1000;

/** What kubeadm goes on with where it is there: certificate or public key, and private key. They live ten years. */
const LASTING = [
  ["ca.crt", "ca.key"],
  ["front-proxy-ca.crt", "front-proxy-ca.key"],
  ["etcd/ca.crt", "etcd/ca.key"],
  ["sa.pub", "sa.key"],
] as const;

/**
 * Certificates and kubeconfigs, made by kubeadm. Kept between starts while they are young and the addresses are the same.
 * The authorities stay as long as etcd's data do: by them the cluster is known, and its service accounts' tokens hold.
 * @throws Error with kubeadm's own words
 */
export function ensurePki(settings: ClusterSettings, kubernetes: string): void {
  makeCertificates(settings, kubernetes);
  // At every start: the port outside may be another one.
  writeAdministrator(settings);
}

function makeCertificates(settings: ClusterSettings, kubernetes: string): void {
  const { directory } = settings;
  const configuration = stringifyAll(kubeadmConfiguration(settings));
  const configurationFile = path.join(directory, "kubeadm.yaml");
  if (isFresh(superAdmin(directory)) && read(configurationFile) === configuration) return;

  for (const made of ["kubeconfigs", "kubelet/pki"]) {
    fs.rmSync(path.join(directory, made), { recursive: true, force: true });
  }
  keepLasting(path.join(directory, "pki"));
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
  // Last, so that an interrupted run is repeated as a whole.
  fs.renameSync(kubeconfigs, path.join(directory, "kubeconfigs"));
}

/** Removes everything else: kubeadm would keep it too. */
function keepLasting(pki: string): void {
  if (!fs.existsSync(pki)) return;
  const kept = LASTING.filter(([open, key]) => isPair(path.join(pki, open), path.join(pki, key)));
  const names: string[] = kept.flat();
  for (const name of fs.readdirSync(pki, { encoding: "utf8", recursive: true })) {
    const file = path.join(pki, name);
    if (!names.includes(name) && !fs.statSync(file).isDirectory()) fs.rmSync(file);
  }
}

/** kubeadm fails on half a pair, as an interruption leaves it. */
function isPair(open: string, key: string): boolean {
  try {
    const [one, other] = [open, key].map((file) => crypto.createPublicKey(fs.readFileSync(file)));
    return other !== undefined && one?.equals(other) === true;
  } catch {
    return false;
  }
}

/** The administrator's way in from outside, by the forwarder. */
function writeAdministrator({ directory, name, link, ports }: ClusterSettings): void {
  const outside = fs
    .readFileSync(superAdmin(directory), "utf8")
    .replace(`https://${link.nodeAddress}:${API_PORT}`, `https://127.0.0.1:${ports.api}`)
    .replaceAll("kubernetes-super-admin@kubernetes", `modelport-${name}`)
    .replaceAll("kubernetes-super-admin", "modelport-admin")
    .replaceAll(/: kubernetes$/gm, `: modelport-${name}`);
  write(path.join(directory, "kubeconfigs", "admin.conf"), outside);
}

function superAdmin(directory: string): string {
  return path.join(directory, "kubeconfigs", "super-admin.conf");
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
