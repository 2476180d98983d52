import type { DownloadSpec } from "./sources/download";

/*
 * Official releases with their checksums, each copied from the public place named beside it. Tools
 * whose project publishes no checksum (Docker's static binaries) are not here.
 */

export const kubernetesPrograms = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-proxy",
  "kube-scheduler",
  "kubeadm",
  "kubelet",
];

const serverPath = (program: string) => `kubernetes/server/bin/${program}`;
const serverArchive = (architecture: string, checksum: string) => [
  {
    url: `https://dl.k8s.io/v1.34.4/kubernetes-server-linux-${architecture}.tar.gz`,
    checksum,
    members: kubernetesPrograms.map(serverPath),
  },
];

/** Checksums: kubernetes/kubernetes, CHANGELOG/CHANGELOG-1.34.md, "Server Binaries" of v1.34.4. */
export const kubernetesRelease: DownloadSpec = {
  version: "1.34.4",
  files: {
    "linux-x64": serverArchive(
      "amd64",
      "sha512:65c75e81e3ea488f6d42b493cad64d7577ddfa1e5372037a1c841ac069039997d359b5b2f2d44e7665bf04c48ed0065cf9d4c9801b1e63bb6a1b099ef00d4863",
    ),
    "linux-arm64": serverArchive(
      "arm64",
      "sha512:a1fad7060ed67b5634f32f3256a295179dd887dab5c82b8550c2eb62c69df34cfbb311c8f93e7608d558eba32b9e2ddc23976db39e512fd747cc6bf9b4c1765f",
    ),
  },
  bin: Object.fromEntries(kubernetesPrograms.map((name) => [name, serverPath(name)])),
  dispatcher: "kubernetes",
};

const pulumiArchive = (platform: string, sha256: string) => [
  {
    url: `https://get.pulumi.com/releases/sdk/pulumi-v3.221.0-${platform}.tar.gz`,
    checksum: `sha256:${sha256}`,
  },
];

/** Checksums: NixOS/nixpkgs, pkgs/by-name/pu/pulumi-bin/data.nix at 3.221.0, from base 32 to hex. */
export const pulumiRelease: DownloadSpec = {
  version: "3.221.0",
  files: {
    "linux-x64": pulumiArchive(
      "linux-x64",
      "fe736f91b4153f94f859870e34dda01e648552c25f702c8a42282acf3a5db9ad",
    ),
    "linux-arm64": pulumiArchive(
      "linux-arm64",
      "baaf077a8b851da4fd1f6434860b56fec43f877709fe5a22ed3bbd335af57a37",
    ),
    "darwin-x64": pulumiArchive(
      "darwin-x64",
      "6c275ff21c2a2790dc4ac9536be745f0fa65b9eab32e5dc896d1e4cd79fafb6b",
    ),
    "darwin-arm64": pulumiArchive(
      "darwin-arm64",
      "4d3024f24131440cacc9d04cf9a19dc673c821216fe5fec848d1ce5af0c06092",
    ),
  },
  bin: {
    pulumi: "pulumi/pulumi",
    "pulumi-language-nodejs": "pulumi/pulumi-language-nodejs",
    "pulumi-resource-pulumi-nodejs": "pulumi/pulumi-resource-pulumi-nodejs",
  },
};

const containerdArchive = (architecture: string, containerd: string, runc: string) => [
  {
    url: `https://github.com/containerd/containerd/releases/download/v1.7.30/containerd-static-1.7.30-linux-${architecture}.tar.gz`,
    checksum: `sha256:${containerd}`,
  },
  {
    url: `https://github.com/opencontainers/runc/releases/download/v1.2.9/runc.${architecture}`,
    checksum: `sha256:${runc}`,
    executable: "bin/runc",
  },
];

/** Checksums: kubernetes-sigs/kubespray, roles/kubespray_defaults/vars/main/checksums.yml. */
export const containerdRelease: DownloadSpec = {
  version: "1.7.30",
  files: {
    "linux-x64": containerdArchive(
      "amd64",
      "290eea517a7aa919aa319563f8270d284ab5197736362285da09b198b76a34b5",
      "b21fda1d5a1510b19c3f6fb43ecb3a92887654a9d0c2b64e84b8b08f24ff0e30",
    ),
    "linux-arm64": containerdArchive(
      "arm64",
      "1458b3c4a20eb1305bb1d4680c660d0726fa7709acdd95ec7c0fd6bdd632c36a",
      "c155ae4716480be73a1c3bbedfa23df179800ba39ca83eb59f5b1b9b72a7ecbd",
    ),
  },
  bin: {
    containerd: "bin/containerd",
    "containerd-shim-runc-v2": "bin/containerd-shim-runc-v2",
    ctr: "bin/ctr",
    runc: "bin/runc",
  },
};

const cniArchive = (architecture: string, sha256: string) => [
  {
    url: `https://github.com/containernetworking/plugins/releases/download/v1.8.0/cni-plugins-linux-${architecture}-v1.8.0.tgz`,
    checksum: `sha256:${sha256}`,
  },
];

/** Checksums: kubernetes-sigs/kubespray, roles/kubespray_defaults/vars/main/checksums.yml. */
export const cniPluginsRelease: DownloadSpec = {
  version: "1.8.0",
  files: {
    "linux-x64": cniArchive(
      "amd64",
      "ab3bda535f9d90766cccc90d3dddb5482003dd744d7f22bcf98186bf8eea8be6",
    ),
    "linux-arm64": cniArchive(
      "arm64",
      "57ce466fc3b79db1f19b8f4c63e07a1112306efa53c94fe810a2150dd9e07ddb",
    ),
  },
  bin: { bridge: "bridge", "host-local": "host-local", loopback: "loopback", portmap: "portmap" },
};
