import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { repositoryRoot } from "../../../local/paths";
import { silentProgress } from "../../../local/progress";
import { ensureTools } from "../../../local/toolchain";
import { endProcess } from "../../support/end-process";
import { takeOwnBaseImage } from "../support/base-image";
import { ClusterAccess } from "../support/kubernetes";
import { eventually } from "../support/eventually";
import type { Target } from "./target";

const PROFILE = "modelport-dev";

/** The scripted minikube, whose node is the embedded cluster, the cluster's Docker daemon, and a tunnel in another terminal. */
export const minikube: Target = {
  name: "minikube",
  stack: "dev",
  exposures: ["NodePort", "LoadBalancer", "ClusterIP"],
  async prepare(worlds) {
    const { world, cluster } = await worlds.withCluster();
    const { containerd } = await ensureTools(["containerd"], { progress: silentProgress() });
    const home = path.join(world.folder, ".minikube");
    fs.mkdirSync(home);
    const variables = {
      MINIKUBE_HOME: home,
      SCRIPTED_CLUSTER: path.join(world.state, "clusters/local/cluster.json"),
      SCRIPTED_CTR: containerd.bin["ctr"] ?? "ctr",
      DOCKER_HOST: cluster.dockerHost,
    };
    const unlink = [
      world.link("minikube", path.join(repositoryRoot(), "test/support/minikube/minikube")),
      world.link("docker", path.join(cluster.dockerCli, "docker")),
    ];
    Object.assign(world.env, variables);
    takeOwnBaseImage(world, cluster);

    let tunnel: ChildProcess | undefined;
    return {
      world,
      config: { target: "minikube" },
      kubeconfig: () => cluster.kubeconfig,
      inventory: async () => [
        ...profiles(home).map((profile) => `profile ${profile}`),
        ...(await new ClusterAccess(cluster.kubeconfig).objects()),
      ],
      // As docs/targets/minikube.md says it, before a stack with a LoadBalancer.
      beforeUp: async () => {
        const start = ["start", "--profile", PROFILE, "--cpus", "2", "--memory", "4096mb"];
        await world.run(["minikube", ...start]);
        tunnel = spawn("minikube", ["tunnel", "--profile", PROFILE], {
          env: { ...process.env, ...world.env },
          stdio: "ignore",
        });
        const tunnels = path.join(home, "tunnels.json");
        await eventually(() => JSON.parse(fs.readFileSync(tunnels, "utf8")));
      },
      close: async () => {
        if (tunnel !== undefined) await endProcess(tunnel);
        for (const name of Object.keys(variables)) Reflect.deleteProperty(world.env, name);
        for (const remove of unlink) remove();
        fs.rmSync(home, { recursive: true, force: true });
      },
    };
  },
};

function profiles(home: string): string[] {
  const file = path.join(home, "scripted.json");
  if (!fs.existsSync(file)) return [];
  return Object.keys((JSON.parse(fs.readFileSync(file, "utf8")) as { profiles: object }).profiles);
}
