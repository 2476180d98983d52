import type { DebianSpec } from "./sources/debian";
import {
  cniPluginsRelease,
  containerdRelease,
  kubernetesPrograms,
  kubernetesRelease,
  pulumiRelease,
} from "./releases";
import type { DownloadSpec } from "./sources/download";
import type { GoSpec } from "./sources/go";
import type { NpmSpec } from "./sources/npm";
import type { PathSpec } from "./sources/path";
import nodePin from "./node.json";

/** A tool and every way to get it; the ways are tried in this order. */
export interface ToolSpec {
  /** For messages; each source pins its own. */
  version: string;
  /** The executables it has, whatever its source. */
  bin: readonly string[];
  /** Share another tool's cache folders: the same thing under stricter conditions. */
  cachedAs?: string;
  path?: PathSpec;
  download?: DownloadSpec;
  npm?: NpmSpec;
  go?: GoSpec;
  debian?: DebianSpec;
  /** Only for the embedded cluster, which runs on Linux. */
  linuxOnly?: boolean;
  /** Roughly, where it must be built, on two cores with nothing cached. */
  buildMinutes?: number;
}

const KUBERNETES = "1.34.4";
const PULUMI = "3.225.0";

const nodePackage: NpmSpec = { ...nodePin, bin: { node: "bin/node" } };

export const toolTable = {
  /** Runs the program, the CLI and the stand-ins: `@pulumi/pulumi` needs Node 22. */
  node: {
    version: nodePin.version,
    bin: ["node"],
    path: { version: { arguments: { node: ["--version"] }, from: "22" } },
    npm: nodePackage,
  },
  /** Goes into the base image: always this very one, for Linux. */
  "image-node": {
    version: nodePin.version,
    bin: ["node"],
    cachedAs: "node",
    npm: nodePackage,
    linuxOnly: true,
  },
  /** The C and C++ libraries that Node and native addons load, for the base image. */
  "image-libraries": {
    version: "of the system's release",
    bin: [],
    debian: { packages: ["libc6", "libstdc++6", "libgcc-s1"], bin: {} },
    linuxOnly: true,
  },
  pulumi: {
    version: PULUMI,
    bin: ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"],
    path: {
      together: true,
      version: { arguments: { pulumi: ["version"] }, from: "3.200", below: "4" },
    },
    download: pulumiRelease,
    go: {
      version: PULUMI,
      builds: [
        {
          module: "pulumi",
          package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
          define: {
            "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${PULUMI}`,
          },
        },
        {
          // Ours: no Go module holds Pulumi's any more.
          module: "pulumi",
          package: "./cmd/pulumi-language-nodejs",
          define: {
            "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${PULUMI}`,
          },
        },
      ],
      scripts: ["pulumi-resource-pulumi-nodejs"],
    },
    buildMinutes: 2,
  },
  kubernetes: {
    version: KUBERNETES,
    bin: ["kubernetes", ...kubernetesPrograms],
    download: kubernetesRelease,
    go: {
      version: KUBERNETES,
      builds: [
        {
          module: "kubernetes",
          package: "./cmd/kubernetes",
          define: {
            "k8s.io/component-base/version.gitVersion": `v${KUBERNETES}`,
            "k8s.io/component-base/version.gitMajor": "1",
            "k8s.io/component-base/version.gitMinor": "34",
            "k8s.io/component-base/version.gitTreeState": "clean",
            "k8s.io/client-go/pkg/version.gitVersion": `v${KUBERNETES}`,
          },
        },
      ],
      links: Object.fromEntries(kubernetesPrograms.map((name) => [name, "kubernetes"])),
    },
    linuxOnly: true,
    buildMinutes: 4,
  },
  etcd: {
    version: "3.6.5",
    bin: ["etcd"],
    path: { version: { arguments: { etcd: ["--version"] }, from: "3.5.11", below: "3.7" } },
    go: { version: "3.6.5", builds: [{ module: "kubernetes", package: "./cmd/etcd" }] },
    linuxOnly: true,
  },
  coredns: {
    version: "1.12.4",
    bin: ["coredns"],
    path: { version: { arguments: { coredns: ["-version"] }, from: "1.11", below: "2" } },
    go: { version: "1.12.4", builds: [{ module: "kubernetes", package: "./cmd/coredns" }] },
    linuxOnly: true,
  },
  /** What a pod's sandbox runs, in an image of its own. */
  pause: {
    version: "1",
    bin: ["pause"],
    go: { version: "1", builds: [{ module: "pause", package: "modelport/pause" }] },
    linuxOnly: true,
  },
  /** Sends the requests of `npm run bench` and checks the answers. */
  loadgen: {
    version: "1",
    bin: ["loadgen"],
    go: { version: "1", builds: [{ module: "loadgen", package: "modelport/loadgen" }] },
    linuxOnly: true,
  },
  /** Check the rendered manifests, for `npm run lint:manifests`: that they are what the API says, and that they are good. */
  kubeconform: {
    version: "0.7.0",
    bin: ["kubeconform"],
    go: {
      version: "0.7.0",
      builds: [{ module: "scanners", package: "github.com/yannh/kubeconform/cmd/kubeconform" }],
    },
  },
  "kube-score": {
    version: "1.20.0",
    bin: ["kube-score"],
    go: {
      version: "1.20.0",
      builds: [{ module: "scanners", package: "github.com/zegl/kube-score/cmd/kube-score" }],
    },
  },
  registry: {
    version: "2.8",
    bin: ["docker-registry"],
    path: { version: { arguments: { "docker-registry": ["--version"] }, from: "2.8", below: "4" } },
    debian: {
      packages: ["docker-registry"],
      bin: { "docker-registry": "usr/bin/docker-registry" },
    },
    linuxOnly: true,
  },
  containerd: {
    version: "1.6 or newer",
    bin: ["containerd", "containerd-shim-runc-v2", "ctr", "runc"],
    path: {
      together: true,
      version: {
        arguments: {
          containerd: ["--version"],
          "containerd-shim-runc-v2": ["-v"],
          ctr: ["--version"],
        },
        // From 2.0 on, the CRI plugin wants another configuration than ours.
        from: "1.6.8",
        below: "2",
      },
    },
    download: containerdRelease,
    debian: {
      packages: ["containerd", "runc"],
      bin: {
        containerd: "usr/bin/containerd",
        "containerd-shim-runc-v2": "usr/bin/containerd-shim-runc-v2",
        ctr: "usr/bin/ctr",
        runc: "usr/sbin/runc",
      },
    },
    linuxOnly: true,
  },
  "cni-plugins": {
    version: "1.1 or newer",
    bin: ["bridge", "host-local", "loopback", "portmap"],
    download: cniPluginsRelease,
    debian: {
      packages: ["containernetworking-plugins"],
      bin: {
        bridge: "usr/lib/cni/bridge",
        "host-local": "usr/lib/cni/host-local",
        loopback: "usr/lib/cni/loopback",
        portmap: "usr/lib/cni/portmap",
      },
    },
    linuxOnly: true,
  },
  /** The daemon and its client together: a client alone, as Docker Desktop's, is of no use here. */
  docker: {
    version: "20.10 or newer",
    bin: ["docker", "dockerd", "docker-proxy", "docker-init"],
    path: {
      version: {
        arguments: { docker: ["--version"], dockerd: ["--version"] },
        from: "20.10",
      },
    },
    debian: {
      packages: ["docker.io", "tini"],
      bin: {
        docker: "usr/bin/docker",
        dockerd: "usr/sbin/dockerd",
        "docker-proxy": "usr/sbin/docker-proxy",
        "docker-init": "usr/bin/tini-static",
      },
    },
    linuxOnly: true,
  },
  nftables: {
    version: "1.0 or newer",
    bin: ["nft"],
    path: { version: { arguments: { nft: ["--version"] }, from: "1.0.1" } },
    debian: { packages: ["nftables"], bin: { nft: "usr/sbin/nft" } },
    linuxOnly: true,
  },
  /** For tests: OpenShift's router and its builds from source; busybox is the shell in the builder image. */
  haproxy: {
    version: "2.6 or newer",
    bin: ["haproxy"],
    path: { version: { arguments: { haproxy: ["-v"] }, from: "2.6" } },
    debian: { packages: ["haproxy"], bin: { haproxy: "usr/sbin/haproxy" } },
    linuxOnly: true,
  },
  s2i: {
    version: "1.4.0",
    bin: ["s2i"],
    path: { version: { arguments: { s2i: ["version"] }, from: "1.3", below: "2" } },
    go: {
      version: "1.4.0",
      builds: [{ module: "s2i", package: "github.com/openshift/source-to-image/cmd/s2i" }],
    },
    linuxOnly: true,
  },
  busybox: {
    version: "of the system's release",
    bin: ["busybox"],
    debian: { packages: ["busybox-static"], bin: { busybox: "bin/busybox" } },
    linuxOnly: true,
  },
  /** For tests: repositories by ssh, where the system has no server, or no client. */
  openssh: {
    version: "any",
    bin: ["ssh", "sshd", "ssh-keygen"],
    path: {},
    debian: {
      packages: ["openssh-client", "openssh-server"],
      bin: { ssh: "usr/bin/ssh", sshd: "usr/sbin/sshd", "ssh-keygen": "usr/bin/ssh-keygen" },
    },
    linuxOnly: true,
  },
  tini: {
    version: "0.19",
    bin: ["tini"],
    path: { version: { arguments: { tini: ["--version"] }, from: "0.18" } },
    debian: { packages: ["tini"], bin: { tini: "usr/bin/tini-static" } },
    linuxOnly: true,
  },
  iproute2: {
    version: "any",
    bin: ["ip"],
    path: {},
    debian: { packages: ["iproute2"], bin: { ip: "bin/ip" } },
    linuxOnly: true,
  },
  "util-linux": {
    version: "any",
    bin: ["nsenter", "unshare", "setpriv"],
    path: {},
    debian: {
      packages: ["util-linux", "util-linux-extra"],
      bin: {
        nsenter: "usr/bin/nsenter",
        unshare: "usr/bin/unshare",
        setpriv: "usr/bin/setpriv",
      },
    },
    linuxOnly: true,
  },
} satisfies Record<string, ToolSpec>;

export type ToolName = keyof typeof toolTable;
