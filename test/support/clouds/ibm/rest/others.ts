import type { Cloud } from "../../cloud";
import type { RestAnswer, RestRequest } from "../../http";
import { text } from "../../values";
import { clusters, isOpenShift } from "../cluster-rules";
import { CLUSTER_NOT_FOUND } from "../errors";
import { ACCOUNT, RESOURCE_GROUP } from "../ids";
import { KEYS_FIRST } from "../resources";
import { CLASSIC_CLUSTER, NAMESPACE, RESOURCE_INSTANCE, VPC_CLUSTER, WORKER_POOL } from "../tokens";
import { count, texts } from "../values";
import { asked, ok, page, time } from "./answers";

/** https://containers.cloud.ibm.com/global/swagger-global-api/#/v2/vpcGetClusters, …/classicGetClusters */
export function clusterList(infrastructure: "vpc" | "classic", cloud: Cloud): RestAnswer {
  const kind = infrastructure === "vpc" ? VPC_CLUSTER : CLASSIC_CLUSTER;
  return ok(
    cloud.store.list(kind).map(({ id, inputs, outputs, state, createdAt }) => ({
      id,
      name: text(inputs, "name"),
      crn: text(outputs, "crn"),
      state: STATES[state],
      region: text(outputs, "region"),
      location: text(inputs, "datacenter") || text(outputs, "region"),
      resourceGroup: text(outputs, "resourceGroupId"),
      createdDate: time(createdAt),
      type: isOpenShift(inputs) ? "openshift" : "kubernetes",
    })),
  );
}

/** https://cloud.ibm.com/docs/containers?topic=containers-cluster-states-reference */
const STATES = { creating: "deploying", ready: "normal", deleting: "deleting" } as const;

/** https://cloud.ibm.com/apidocs/kubernetes/containers-v1-v2#vpcgetworkerpools */
export function workerPools({ query }: RestRequest, cloud: Cloud): RestAnswer {
  const asked = query.get("cluster");
  const cluster = clusters(cloud).find(({ id, inputs }) => [id, inputs["name"]].includes(asked));
  if (cluster === undefined) return { status: 404, body: CLUSTER_NOT_FOUND };
  return ok(
    cloud.store
      .list(WORKER_POOL)
      .filter(({ outputs }) => outputs["cluster"] === cluster.id)
      .map(({ id, outputs }) => ({
        id: id.split("/")[1],
        poolName: text(outputs, "name"),
        provider: "vpc-gen2",
        workerCount: count(outputs, "size", 1),
        lifecycle: { actualState: "active", desiredState: "active" },
      })),
  );
}

/** https://cloud.ibm.com/apidocs/container-registry#listnamespacedetails */
export function namespaces({ headers }: RestRequest, cloud: Cloud): RestAnswer {
  if (headers["account"] !== ACCOUNT)
    return { status: 403, body: { code: "FORBIDDEN", message: "You are not authorized." } };
  return ok(
    cloud.store.list(NAMESPACE).map(({ id, outputs, createdAt }) => ({
      account: ACCOUNT,
      name: id,
      crn: text(outputs, "crn"),
      created_date: time(createdAt),
      resource_group: text(outputs, "resourceGroupId"),
    })),
  );
}

/** https://cloud.ibm.com/apidocs/tagging#list-tags */
export function tags(request: RestRequest, cloud: Cloud): RestAnswer {
  const attachedTo = request.query.get("attached_to");
  const all = cloud.store
    .list()
    .filter(({ outputs }) => attachedTo === null || outputs["crn"] === attachedTo)
    .flatMap(({ outputs }) => texts(outputs, "tags"));
  const names = [...new Set(all)];
  const limit = asked(request, "limit", 100);
  const offset = asked(request, "offset", 0);
  const { items } = page(names, offset, limit);
  return ok({ total_count: names.length, offset, limit, items: items.map((name) => ({ name })) });
}

/** https://cloud.ibm.com/apidocs/resource-controller/resource-controller#list-resource-instances */
export function resourceInstances(request: RestRequest, cloud: Cloud): RestAnswer {
  const name = request.query.get("name");
  const limit = asked(request, "limit", 10);
  const all = cloud.store
    .list(RESOURCE_INSTANCE)
    .filter(({ outputs }) => name === null || outputs["name"] === name);
  const { items, next } = page(all, asked(request, "start", 0), limit);
  const filter = name === null ? "" : `&name=${encodeURIComponent(name)}`;
  return ok({
    rows_count: items.length,
    next_url:
      next === undefined ? null : `/v2/resource_instances?limit=${limit}&start=${next}${filter}`,
    resources: items.map(({ id, outputs, createdAt }) => ({
      id,
      guid: text(outputs, "guid"),
      crn: text(outputs, "crn"),
      name: text(outputs, "name"),
      region_id: text(outputs, "location"),
      resource_id: text(outputs, "resourceId"),
      state: text(outputs, "state"),
      created_at: time(createdAt),
    })),
  });
}

/** https://cloud.ibm.com/apidocs/resource-controller/resource-controller#delete-resource-instance */
export function deleteInstance({ path, query }: RestRequest, cloud: Cloud): RestAnswer {
  const id = decodeURIComponent(path.slice(path.indexOf("crn")));
  const instance = cloud.store.find(RESOURCE_INSTANCE, id);
  if (instance === undefined)
    return { status: 404, body: { message: "Not Found", status_code: 404 } };
  const hasKeys = clusters(cloud).some(({ inputs }) => inputs["cosInstanceCrn"] === id);
  if (hasKeys && query.get("recursive") !== "true")
    return { status: 400, body: { message: KEYS_FIRST, status_code: 400 } };
  cloud.store.remove(instance);
  return { status: 204, body: "" };
}

/** https://cloud.ibm.com/apidocs/resource-controller/resource-manager#list-resource-groups */
export const resourceGroups = (): RestAnswer =>
  ok({ resources: [{ ...RESOURCE_GROUP, account_id: ACCOUNT, state: "ACTIVE", default: true }] });
