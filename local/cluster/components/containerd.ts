import * as fs from "node:fs";
import * as path from "node:path";
import { pauseImage } from "../../image/names";
import type { ClusterSettings } from "../settings";
import { type Component, accepts } from "./component";
import { configureEgress, egress } from "./egress";

const OVERLAYFS_MAGIC = 0x794c7630;

/** As the sandbox sees it; on the machine it is in the run directory. */
export const containerdSocket = (inside: string): string => `${inside}/run/containerd.sock`;

/**
 * The node's container runtime. Its state is on the sandbox's own /run, as on a machine that boots:
 * what ran before an abrupt end is gone and made anew.
 */
export const containerd: Component = {
  name: "containerd",
  after: [],
  configure: ({ settings, inside, tools }) => {
    const network = path.join(settings.directory, "cni");
    fs.mkdirSync(network, { recursive: true });
    configureEgress(settings);
    fs.writeFileSync(
      path.join(settings.directory, "containerd.toml"),
      configuration(settings, inside, tools.cniPlugins),
    );
    fs.writeFileSync(
      path.join(network, "10-modelport.conflist"),
      JSON.stringify(podNetwork(settings.podCidr), null, 2),
    );
  },
  command: (context) => ({
    argv: [context.tools.containerd, "--config", `${context.inside}/containerd.toml`],
    env: egress(context),
  }),
  healthy: ({ settings }) => accepts(path.join(settings.runDirectory, "containerd.sock")),
};

/** Whether the directory itself lies on an overlay file system, on which overlays can't be stacked. */
export function onOverlay(directory: string): boolean {
  return fs.statfsSync(directory).type === OVERLAYFS_MAGIC;
}

/** `restrict_oom_score_adj`: a machine without CAP_SYS_RESOURCE can't lower the score, and runc would die. */
function configuration(settings: ClusterSettings, inside: string, cniPlugins: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${inside}/containerd"
state = "/run/containerd"

[grpc]
address = "${containerdSocket(inside)}"

[${cri}]
sandbox_image = "${pauseImage(settings)}"
restrict_oom_score_adj = true

[${cri}.containerd]
snapshotter = "${onOverlay(settings.directory) ? "native" : "overlayfs"}"

[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[${cri}.containerd.runtimes.runc.options]
SystemdCgroup = false

[${cri}.cni]
bin_dir = "${cniPlugins}"
conf_dir = "${inside}/cni"
`;
}

function podNetwork(podCidr: string): object {
  return {
    cniVersion: "1.0.0",
    name: "modelport",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isDefaultGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          ranges: [[{ subnet: podCidr }]],
          dataDir: "/run/cni",
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}
