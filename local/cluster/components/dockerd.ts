import * as fs from "node:fs";
import * as path from "node:path";
import { type Component, type Context, accepts } from "./component";
import { containerdSocket, onOverlay } from "./containerd";
import { egress } from "./egress";

export const dockerSocket = (runDirectory: string): string =>
  path.join(runDirectory, "docker.sock");

/** Builds images. Its own daemon, so that one that is already on the machine is neither needed nor touched. */
export const dockerd: Component = {
  name: "dockerd",
  after: ["containerd"],
  // Without a file of its own it would read the machine's /etc/docker/daemon.json.
  configure: ({ settings }) =>
    fs.writeFileSync(path.join(settings.directory, "dockerd.json"), "{}"),
  command: (context) => ({
    argv: argv(context),
    env: egress(context),
  }),
  healthy: ({ settings }) => accepts(dockerSocket(settings.runDirectory)),
};

const argv = ({ inside, settings, tools }: Context): string[] => [
  tools.dockerd,
  `--host=unix://${inside}/run/docker.sock`,
  `--containerd=${containerdSocket(inside)}`,
  "--containerd-namespace=docker",
  "--containerd-plugins-namespace=docker-plugins",
  `--data-root=${inside}/docker`,
  "--exec-root=/run/docker",
  "--pidfile=/run/docker.pid",
  `--config-file=${inside}/dockerd.json`,
  `--storage-driver=${onOverlay(settings.directory) ? "vfs" : "overlay2"}`,
  `--cgroup-parent=/${settings.cgroup}`,
  "--exec-opt=native.cgroupdriver=cgroupfs",
  "--bridge=none",
  "--iptables=false",
  "--ip6tables=false",
  "--log-level=warn",
];
