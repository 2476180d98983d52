import { GPU_FLAVORS, type IbmConfig } from "../../config/targets/ibm";
import type { HourlyPrices, PriceItem } from "../target";
import { zonesOf } from "./names";

const SOURCE =
  "rounded list prices of us-south from cloud.ibm.com/kubernetes/catalog and cloud.ibm.com/vpc/pricing; other regions cost up to a quarter more: check before you rely on it";
const AS_OF = "2025-06";

/** Of a core with its memory, by family of virtual workers. */
const FAMILIES: Readonly<Record<string, number>> = { bx2: 0.048, cx2: 0.042, mx2: 0.06 };

/** OpenShift's licence, for a core. */
const LICENCE = 0.043;
const BALANCER = 0.023;
const GATEWAY_ADDRESS = 0.006;

/** On demand; undefined where the table doesn't have it. */
export function workerPrice(flavor: string, openshift: boolean): number | undefined {
  const [family = "", size = ""] = flavor.split(".");
  const rate = FAMILIES[family];
  if (rate === undefined) return undefined;
  return Number(size.split("x")[0]) * (rate + (openshift ? LICENCE : 0));
}

/** With the fewest workers that config allows, and one balancer. */
export function prices(config: IbmConfig, flavor: string, openshift = false): HourlyPrices {
  const zones = config.infrastructure === "vpc" ? zonesOf(config).length : 1;
  const { gpuPool, workersPerZone } = config;
  const pools = [
    { flavor, quantity: workersPerZone * zones },
    ...(gpuPool === undefined
      ? []
      : [
          {
            flavor: gpuPool.flavor ?? GPU_FLAVORS[gpuPool.type],
            quantity: gpuPool.workersPerZone * zones,
          },
        ]),
  ];
  const items: PriceItem[] = [];
  const unknown: string[] = [];
  for (const pool of pools) {
    const usdPerHour = workerPrice(pool.flavor, openshift);
    const what = `worker ${pool.flavor}${openshift ? " with OpenShift's licence" : ""}`;
    if (usdPerHour === undefined) unknown.push(`${pool.quantity} × ${what}`);
    else items.push({ what, quantity: pool.quantity, usdPerHour });
  }
  if (config.disableOutboundTrafficProtection && config.infrastructure === "vpc")
    items.push({
      what: "address of a public gateway, before traffic",
      quantity: zones,
      usdPerHour: GATEWAY_ADDRESS,
    });
  items.push({ what: "balancer of a service, before traffic", quantity: 1, usdPerHour: BALANCER });
  const left = unknown.length === 0 ? "" : `; not counted: ${unknown.join(", ")}`;
  return { kind: "hourly", items, source: SOURCE + left, asOf: AS_OF };
}
