import { z } from "zod";
import type { Look } from "../found";
import { list, optionalList } from "../shapes";
import type { IbmApi } from "./api";
import type { IbmStack } from "./stack";

/** https://cloud.ibm.com/apidocs/iam-identity-token-api#list-service-ids */
const serviceIds = z.object({
  serviceids: list(
    z.object({
      id: z.string(),
      name: z.string(),
      description: z.string().optional(),
      created_at: z.string().optional(),
    }),
  ),
});

/** https://cloud.ibm.com/apidocs/iam-policy-management#list-policies */
const policies = z.object({
  policies: list(
    z.object({
      id: z.string(),
      description: z.string().optional(),
      created_at: z.string().optional(),
      subjects: optionalList(
        z.object({
          attributes: optionalList(z.object({ name: z.string(), value: z.string() })),
        }),
      ),
    }),
  ),
});

/** Who pulls the images, and what it may, by a description that names the region too: names needn't be unique. A service ID's keys go with it. */
export function accessLooks(api: IbmApi, { account, description }: IbmStack): Look[] {
  const place = "the account";
  const findPolicies = async () => {
    const query = { account_id: await api.account(), type: "access" };
    return (await api.pages("iam", "/v1/policies", policies, { query }))
      .flatMap((page) => page.policies)
      .filter((policy) => policy.description === description)
      .map(({ id, created_at: since, subjects }) => ({
        kind: "policy",
        name: id,
        id,
        place,
        ...(since === undefined ? {} : { since }),
        remove: `ibmcloud iam service-policy-delete ${subjectIn(subjects)} ${id} -f`,
      }));
  };
  const findIds = async () => {
    const query = { account_id: await api.account(), pagesize: "100" };
    return (await api.pages("iam", "/v1/serviceids", serviceIds, { query }))
      .flatMap((page) => page.serviceids)
      .filter((its) => its.name === account && its.description === description)
      .map(({ id, name, created_at: since }) => ({
        kind: "service ID",
        name,
        id,
        place,
        ...(since === undefined ? {} : { since }),
        remove: `ibmcloud iam service-id-delete ${id} -f`,
      }));
  };
  return [
    { kinds: "policies", find: findPolicies },
    { kinds: "service IDs", find: findIds },
  ];
}

type Subjects = z.infer<typeof policies>["policies"][number]["subjects"];

/** As commands take it: without what tells it from a user. */
function subjectIn(subjects: Subjects): string {
  const iamId = subjects
    .flatMap(({ attributes }) => attributes)
    .find(({ name }) => name === "iam_id")?.value;
  return (iamId ?? "").replace(/^iam-/, "");
}
