import { z } from "zod";
import { name } from "../values";

/** Target embedded: the Kubernetes that runs on this machine. */
export const embedded = z.strictObject({
  /** Name of the embedded cluster. Default: "local". */
  cluster: name.default("local"),
});

export type EmbeddedConfig = z.infer<typeof embedded>;
