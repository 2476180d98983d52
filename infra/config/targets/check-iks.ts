import type { TargetCheck } from "../check-target";
import { checkIbm } from "./check-ibm";

/** Wrong combinations of keys. */
export const checkIks: TargetCheck = (values, context) => checkIbm("iks", values, context);
