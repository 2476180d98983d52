import { z } from "zod";
import { name, say } from "./values";
import { serviceSchema } from "./service";
import { embedded } from "./targets/embedded";
import { existing } from "./targets/existing";
import { gke } from "./targets/gke";
import { iks } from "./targets/iks";
import { minikube } from "./targets/minikube";
import { openshift } from "./targets/openshift";

export { TARGET_NAMES, type TargetName } from "./target-names";

const REFERENCE_PREFIX = /^[a-z0-9][a-z0-9.-]*(?::\d+)?(?:\/[a-z0-9][a-z0-9._-]*)*$/;

/** What holds for every image of a stack. */
const images = z.strictObject({
  /**
   * Where images are pulled from instead: a reference's beginning to another, e.g. {docker.io: mirror.example.com/hub}.
   * Holds for ready images, base images and builder images. Default: none.
   */
  mirrors: z
    .record(
      z.string().regex(REFERENCE_PREFIX, say("a registry's host, with a path where wanted")),
      z.string().regex(REFERENCE_PREFIX, say("a registry's host, with a path where wanted")),
    )
    .default({}),
});

/** Inference services by name. Default: iris, with the model of that name. */
export const servicesSchema = z
  .record(name, serviceSchema)
  .refine((services) => Object.keys(services).length > 0, say("at least one service"));

const common = { services: servicesSchema, images: images.prefault({}) };

/** The whole config of a stack, told apart by `target`. */
export const stackSchema = z.discriminatedUnion("target", [
  z.strictObject({ target: z.literal("embedded"), ...common, embedded: embedded.prefault({}) }),
  z.strictObject({ target: z.literal("existing"), ...common, existing }),
  z.strictObject({ target: z.literal("gke"), ...common, gke }),
  z.strictObject({ target: z.literal("iks"), ...common, iks }),
  z.strictObject({ target: z.literal("minikube"), ...common, minikube: minikube.prefault({}) }),
  z.strictObject({ target: z.literal("openshift"), ...common, openshift }),
]);

export type StackConfig = z.infer<typeof stackSchema>;
export type ImagesConfig = z.infer<typeof images>;
