import type { Command } from "commander";
import { registerCluster } from "./cluster";
import { registerDev } from "./dev";
import { registerDoctor } from "./doctor";
import { registerDown } from "./down";
import { registerEnv } from "./env";
import { registerInventory } from "./inventory";
import { registerNewModel } from "./new-model";
import { registerPortForward } from "./port-forward";
import { registerPredict } from "./predict";
import { registerPreview } from "./preview";
import { registerRender } from "./render";
import { registerRunScript } from "./run-script";
import { registerSbom } from "./sbom";
import { registerStatus } from "./status";
import { registerTrain } from "./train";
import { registerUp } from "./up";
import { registerUrl } from "./url";

/** Every command, in the order `--help` shows them. */
export const commands: readonly ((program: Command) => void)[] = [
  registerUp,
  registerDown,
  registerPreview,
  registerStatus,
  registerInventory,
  registerUrl,
  registerPredict,
  registerPortForward,
  registerDev,
  registerTrain,
  registerNewModel,
  registerRender,
  registerSbom,
  registerDoctor,
  registerEnv,
  registerCluster,
  registerRunScript,
];
