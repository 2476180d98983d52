import type { Cloud } from "../../cloud";
import type { RestAnswer, RestRequest } from "../../http";
import type { Stored } from "../../kind";
import { child, text, type Values } from "../../values";
import {
  ENDPOINT_GATEWAY,
  LOAD_BALANCER,
  PUBLIC_GATEWAY,
  SECURITY_GROUP,
  SUBNET,
  VOLUME,
  VPC,
} from "../tokens";
import { texts } from "../values";
import { asked, ok, page, time } from "./answers";

/** What each list shows beside id, name, crn and created_at. Shapes: https://cloud.ibm.com/apidocs/vpc/latest */
const LISTS: Readonly<
  Record<string, { kind: string; fields: (outputs: Values, cloud: Cloud) => Values }>
> = {
  vpcs: {
    kind: VPC,
    fields: (outputs) => ({
      status: "available",
      default_security_group: { id: text(outputs, "defaultSecurityGroup") },
    }),
  },
  subnets: {
    kind: SUBNET,
    fields: (outputs, cloud) => ({ ...inVpc(outputs, cloud), ...inZone(outputs) }),
  },
  public_gateways: {
    kind: PUBLIC_GATEWAY,
    fields: (outputs, cloud) => ({
      ...inVpc(outputs, cloud),
      ...inZone(outputs),
      floating_ip: child(outputs, "floatingIp"),
    }),
  },
  load_balancers: {
    kind: LOAD_BALANCER,
    fields: (outputs, cloud) => ({
      hostname: text(outputs, "hostname"),
      is_public: outputs["scope"] === "public",
      provisioning_status: "active",
      subnets: texts(outputs, "subnets").map((id) => ({ id, name: nameIn(cloud, SUBNET, id) })),
    }),
  },
  security_groups: { kind: SECURITY_GROUP, fields: inVpc },
  endpoint_gateways: { kind: ENDPOINT_GATEWAY, fields: inVpc },
  volumes: {
    kind: VOLUME,
    fields: (outputs) => ({ ...inZone(outputs), user_tags: texts(outputs, "userTags") }),
  },
  floating_ips: { kind: "none", fields: () => ({}) },
};

/** A list of VPC infrastructure, a page of it. @param what e.g. `subnets` */
export function vpcList(
  what: string,
  request: RestRequest,
  cloud: Cloud,
  endpoint: string,
): RestAnswer {
  const list = LISTS[what];
  if (list === undefined)
    return { status: 404, body: { errors: [{ code: "not_found", message: what }] } };
  const missing = ["version", "generation"].filter((name) => !request.query.has(name));
  if (missing.length > 0)
    return {
      status: 400,
      body: {
        errors: missing.map((name) => ({
          code: "missing_field",
          message: "The required query parameter is missing.",
          target: { name, type: "parameter" },
        })),
      },
    };
  const all = [...cloud.store.list(list.kind), ...defaultGroups(what, cloud)];
  const limit = Math.min(asked(request, "limit", 50), 100);
  const { items, next } = page(all, asked(request, "start", 0), limit);
  const href = (start: number) => ({ href: `${endpoint}/${what}?limit=${limit}&start=${start}` });
  return ok({
    [what]: items.map(({ id, outputs, createdAt }) => ({
      id,
      name: text(outputs, "name"),
      crn: text(outputs, "crn"),
      created_at: time(createdAt),
      ...list.fields(outputs, cloud),
    })),
    first: { href: `${endpoint}/${what}?limit=${limit}` },
    ...(next === undefined ? {} : { next: href(next) }),
    limit,
    total_count: all.length,
  });
}

/** Every VPC has one, as long as it lives. */
function defaultGroups(what: string, cloud: Cloud): Stored[] {
  if (what !== "security_groups") return [];
  return cloud.store.list(VPC).map((vpc) => ({
    ...vpc,
    id: text(vpc.outputs, "defaultSecurityGroup"),
    outputs: { name: `default-of-${text(vpc.outputs, "name")}`, vpc: vpc.id },
  }));
}

function inVpc(outputs: Values, cloud: Cloud): Values {
  const id = text(outputs, "vpc");
  return { vpc: { id, name: nameIn(cloud, VPC, id) } };
}

const inZone = (outputs: Values): Values => ({ zone: { name: text(outputs, "zone") } });

const nameIn = (cloud: Cloud, kind: string, id: string): string =>
  text(cloud.store.find(kind, id)?.outputs ?? {}, "name");
