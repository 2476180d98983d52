"use strict";
// The embedded cluster as a profile of the scripted minikube.
const { execFileSync, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { parse, stringify } = require("yaml");

/** @param {string} facts path of the cluster's cluster.json; `$SCRIPTED_CTR` is containerd's command line */
exports.open = (facts) => {
  const { kubeconfig, nodeAddress, dockerHost, dockerCli } = JSON.parse(
    fs.readFileSync(facts, "utf8"),
  );
  const env = { ...process.env, DOCKER_HOST: dockerHost };
  const docker = path.join(dockerCli, "docker");
  const socket = path.join(path.dirname(new URL(dockerHost).pathname), "containerd.sock");
  const images = ["--address", socket, "--namespace", "k8s.io", "images"];
  return {
    nodeAddress,

    /** Context, cluster and user are called as the profile is. */
    kubeconfig(profile) {
      const { clusters, users } = parse(fs.readFileSync(kubeconfig, "utf8"));
      return stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: profile, cluster: clusters[0].cluster }],
        contexts: [{ name: profile, context: { cluster: profile, user: profile } }],
        "current-context": profile,
        users: [{ name: profile, user: users[0].user }],
      });
    },

    hasImage: (image) => spawnSync(docker, ["image", "inspect", image], { env }).status === 0,

    /** From the local daemon into the node's containerd, where the kubelet finds it. */
    load(image) {
      const archive = execFileSync(docker, ["save", image], { env, maxBuffer: 1e9 });
      execFileSync(process.env.SCRIPTED_CTR, [...images, "import", "-"], { input: archive });
    },

    /** The node goes, and its images with it. */
    forget(names) {
      const loaded = names.filter((name) => !name.startsWith("registry.k8s.io/"));
      if (loaded.length === 0) return;
      const references = loaded.map((name) => `docker.io/${name}`);
      execFileSync(process.env.SCRIPTED_CTR, [...images, "remove", ...references]);
    },
  };
};
