import type { SimulatedCloud } from "./cloud";
import { google } from "./google";
import { ibm } from "./ibm";

/** The clouds there are. */
export const CLOUDS: readonly SimulatedCloud[] = [google, ibm];
