/* eslint-disable @typescript-eslint/no-require-imports -- loaded when asked for, by Node, tsx and the bundle alike */
import type { StackConfig } from "../config/schema";
import type { Target } from "./target";

/** The only switch over targets. Each target's SDKs are loaded when it is the one. */
export async function createTarget(config: StackConfig): Promise<Target> {
  switch (config.target) {
    case "embedded": {
      const { embedded } = require("./embedded") as typeof import("./embedded");
      return embedded(config.embedded);
    }
    case "existing": {
      const { existing } = require("./existing") as typeof import("./existing");
      return await existing(config.existing);
    }
    case "gke": {
      const { gke } = require("./gke") as typeof import("./gke");
      return gke(config.gke);
    }
    case "iks": {
      const { iks } = require("./iks") as typeof import("./iks");
      return iks(config.iks);
    }
    case "openshift": {
      const { openshift } = require("./openshift") as typeof import("./openshift");
      return openshift(config.openshift);
    }
    case "minikube": {
      const { minikube } = require("./minikube") as typeof import("./minikube");
      return minikube(config.minikube);
    }
  }
}
