import { z, type ZodType } from "zod";

/** A list that is there, be it as null: so Go writes one that is empty. */
export const list = <T>(item: ZodType<T>) =>
  z
    .array(item)
    .nullable()
    .transform((items) => items ?? []);

/** A list that is left out where it is empty. */
export const optionalList = <T>(item: ZodType<T>) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
