import * as path from "node:path";
import { nodeImageContext } from "../image/node-image";
import { nodeImage } from "../image/names";
import type { Progress } from "../progress";
import { ensureTools } from "../toolchain";
import type { ClusterTools } from "./components";
import type { ClusterSettings } from "./settings";
import type { ProvidedImage } from "./supervisor/images";

/** What a cluster needs. A command that needs more asks for all at once: builds share their caches only within a call. */
export const CLUSTER_TOOLS = [
  ...(["kubernetes", "etcd", "coredns", "pause", "registry", "containerd"] as const),
  ...(["cni-plugins", "docker", "nftables", "iproute2", "util-linux", "tini"] as const),
  ...(["image-node", "image-libraries"] as const),
];

/** Everything the supervisor runs, built or fetched where it is missing. */
export async function clusterTools(
  settings: ClusterSettings,
  progress: Progress,
): Promise<{ tools: ClusterTools; nodeImage: ProvidedImage }> {
  const tools = await ensureTools(CLUSTER_TOOLS, { progress });
  const executable = (tool: keyof typeof tools, name: string): string => {
    const file = tools[tool].bin[name];
    if (file === undefined) throw new Error(`the tool ${tool} has no executable ${name}`);
    return file;
  };
  const image = nodeImageContext(tools["image-node"], tools["image-libraries"]);
  const found = [
    executable("containerd", "runc"),
    executable("docker", "docker-init"),
    executable("nftables", "nft"),
    executable("iproute2", "ip"),
    executable("util-linux", "nsenter"),
  ].map((file) => path.dirname(file));
  return {
    tools: {
      kubernetes: executable("kubernetes", "kubernetes"),
      etcd: executable("etcd", "etcd"),
      coredns: executable("coredns", "coredns"),
      pause: executable("pause", "pause"),
      registry: executable("registry", "docker-registry"),
      containerd: executable("containerd", "containerd"),
      dockerd: executable("docker", "dockerd"),
      docker: executable("docker", "docker"),
      tini: executable("tini", "tini"),
      cniPlugins: path.dirname(executable("cni-plugins", "bridge")),
      path: [...new Set([...found, ...(process.env["PATH"] ?? "").split(":")])].join(":"),
    },
    nodeImage: {
      reference: nodeImage(settings, tools["image-node"].version, image.contents),
      context: image.directory,
    },
  };
}
