import type { Command } from "commander";
import { registerCluster } from "./cluster";
import { registerDoctor } from "./doctor";
import { registerDown } from "./down";
import { registerEnv } from "./env";
import { registerPortForward } from "./port-forward";
import { registerPredict } from "./predict";
import { registerPreview } from "./preview";
import { registerRender } from "./render";
import { registerRunScript } from "./run-script";
import { registerStatus } from "./status";
import { registerUp } from "./up";
import { registerUrl } from "./url";

/** Every command, in the order `--help` shows them. */
export const commands: readonly ((program: Command) => void)[] = [
  registerUp,
  registerDown,
  registerPreview,
  registerStatus,
  registerUrl,
  registerPredict,
  registerPortForward,
  registerRender,
  registerDoctor,
  registerEnv,
  registerCluster,
  registerRunScript,
];
