import { z } from "zod";

/** Target embedded: the Kubernetes that runs on this machine. */
export const embedded = z.strictObject({
  /** Name of the embedded cluster: there is one, "local". */
  cluster: z.literal("local").default("local"),
});

export type EmbeddedConfig = z.infer<typeof embedded>;
