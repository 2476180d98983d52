import type { Cloud } from "../cloud";
import type { Stored } from "../kind";
import { statusOf } from "./balancer-records";
import { text, type Values } from "../values";
import { LOAD_BALANCER, PORTABLE_ADDRESS } from "./tokens";

/** Where a cluster's Ingress or router answers. */
export interface FrontDoor {
  readonly address: string;
  /** What Ingresses are told. */
  readonly status: Values;
}

/** @throws Error when the cluster has none */
export function frontDoorOf(cloud: Cloud, { id }: Stored): FrontDoor {
  const found = [...cloud.store.list(LOAD_BALANCER), ...cloud.store.list(PORTABLE_ADDRESS)].find(
    ({ outputs }) => outputs["cluster"] === id && outputs["service"] === undefined,
  );
  if (found === undefined) throw new Error(`cluster ${id} has no balancer of its own`);
  return { address: text(found.outputs, "address"), status: statusOf(found) };
}
