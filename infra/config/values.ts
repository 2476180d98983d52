import { z } from "zod";
import { NAME_PATTERN } from "../naming";
import { isByteQuantity, isCpuQuantity, type ByteQuantity, type CpuQuantity } from "../units";

/** A value as a person writes it in YAML, told as what it may be. */
export const say = (allowed: string) => ({ error: () => allowed });

/** A name that is valid in Kubernetes and in every cloud. */
export const name = z
  .string()
  .max(40)
  .regex(
    NAME_PATTERN,
    say("lower-case letters, digits and dashes, a letter first, at most 40 characters"),
  );

/** CPU of a container. */
export const cpu = z
  .union([z.string(), z.number().transform(String)])
  .refine((text): text is CpuQuantity => isCpuQuantity(text), say('cores: "2", "0.5" or "250m"'));

/** Memory or disk. */
export const bytes = z
  .string(say('"256Mi" or "2Gi"'))
  .refine((text): text is ByteQuantity => isByteQuantity(text), say('"256Mi" or "2Gi"'));
