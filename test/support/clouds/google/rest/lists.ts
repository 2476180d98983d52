/** Lists of what is not compute's. */
import type { Cloud } from "../../cloud";
import type { RestAnswer, RestRequest } from "../../http";
import type { Stored } from "../../kind";
import { text, type Values } from "../../values";
import { deployerKey } from "../credentials";
import { PROJECT, RECORDS, TOKENS } from "../names";
import { failed, ok, page } from "./answers";

const time = (milliseconds: number) => new Date(milliseconds).toISOString();

const CLUSTER_STATUS = {
  creating: "PROVISIONING",
  ready: "RUNNING",
  deleting: "STOPPING",
} as const;

/** https://docs.cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters/list: no pages */
export function clusters(cloud: Cloud): RestAnswer {
  const found = cloud.store.list(TOKENS.cluster).map(({ inputs, state, createdAt }) => ({
    name: inputs["name"],
    location: inputs["location"],
    network: inputs["network"],
    resourceLabels: inputs["resourceLabels"],
    status: CLUSTER_STATUS[state],
    createTime: time(createdAt),
  }));
  return ok(found.length === 0 ? {} : { clusters: found });
}

/** https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/list */
export function serviceAccounts(cloud: Cloud, request: RestRequest): RestAnswer {
  const all = [
    { email: deployerKey(cloud).key.client_email, displayName: "Who deploys" },
    ...cloud.store.list(TOKENS.account).map(({ outputs }) => ({
      email: text(outputs, "email"),
      displayName: outputs["displayName"],
    })),
  ].map((account) => ({
    ...account,
    name: `projects/${PROJECT}/serviceAccounts/${account.email}`,
    projectId: PROJECT,
  }));
  const { items, next } = page(all, request);
  return ok({ accounts: items, ...next });
}

/** https://docs.cloud.google.com/resource-manager/reference/rest/v1/projects/getIamPolicy */
export function policy(cloud: Cloud): RestAnswer {
  const bindings = new Map<string, string[]>([
    ["roles/owner", [`serviceAccount:${deployerKey(cloud).key.client_email}`]],
  ]);
  for (const { inputs } of cloud.store.list(TOKENS.member)) {
    const role = text(inputs, "role");
    const member = memberName(cloud, text(inputs, "member"));
    bindings.set(role, [...(bindings.get(role) ?? []), member]);
  }
  return ok({
    version: 1,
    etag: "BwYAAAAAAAA=",
    bindings: [...bindings].map(([role, members]) => ({ role, members })),
  });
}

/** One that is gone keeps its roles under another name: https://docs.cloud.google.com/iam/docs/principal-identifiers */
function memberName(cloud: Cloud, member: string): string {
  const email = /^serviceAccount:(.*)$/.exec(member)?.[1];
  const lives = cloud.store.list(TOKENS.account).some(({ outputs }) => outputs["email"] === email);
  return email === undefined || lives ? member : `deleted:${member}?uid=100000000000000000002`;
}

/** https://docs.cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories/list */
export function repositories(cloud: Cloud, location: string, request: RestRequest): RestAnswer {
  const all = cloud.store
    .list(TOKENS.repository)
    .filter(({ inputs }) => inputs["location"] === location)
    .map(({ id, inputs, createdAt }) => ({
      name: id,
      format: inputs["format"],
      ...(inputs["labels"] === undefined ? {} : { labels: inputs["labels"] }),
      createTime: time(createdAt),
    }));
  const { items, next } = page(all, request);
  return ok({ ...(items.length === 0 ? {} : { repositories: items }), ...next });
}

/** https://docs.cloud.google.com/dns/docs/reference/rest/v1/resourceRecordSets/list */
export function records(cloud: Cloud, zone: string, request: RestRequest): RestAnswer {
  const id = `projects/${PROJECT}/managedZones/${zone}`;
  const found = cloud.store.find(RECORDS.managedZone, id);
  if (found === undefined)
    return failed(404, `The 'parameters.managedZone' resource named '${zone}' does not exist.`);
  const all = [
    ...ownRecords(found),
    ...cloud.store
      .list(TOKENS.recordSet)
      .filter(({ inputs }) => inputs["managedZone"] === zone)
      .map(({ inputs: { name, type, ttl, rrdatas } }) => ({ name, type, ttl, rrdatas })),
  ];
  const { items, next } = page(all, request);
  return ok({ rrsets: items, ...next });
}

/** Every zone has these two: https://docs.cloud.google.com/dns/docs/records-overview */
function ownRecords({ outputs }: Stored): Values[] {
  const name = text(outputs, "dnsName");
  return [
    { name, type: "NS", ttl: 21600, rrdatas: ["ns-cloud-a1.googledomains.com."] },
    {
      name,
      type: "SOA",
      ttl: 21600,
      rrdatas: [
        "ns-cloud-a1.googledomains.com. cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300",
      ],
    },
  ];
}
