import { z } from "zod";
import { once, type Look } from "../found";
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

/** https://cloud.ibm.com/apidocs/iam-identity-token-api#list-api-keys */
const apiKeys = z.object({
  apikeys: list(
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

/** Who pulls the images, by which keys, and what it may: by a description that names the region too, since names needn't be unique. */
export function accessLooks(api: IbmApi, { account, description }: IbmStack): Look[] {
  const place = "the account";
  const isOurs = (its: { name: string; description?: string | undefined }) =>
    its.name === account && its.description === description;
  const ids = once(async () => {
    const query = { account_id: await api.account(), pagesize: "100" };
    return (await api.pages("iam", "/v1/serviceids", serviceIds, { query }))
      .flatMap((page) => page.serviceids)
      .filter(isOurs);
  });
  const keysOf = async (serviceId: string) => {
    const query = {
      ...{ account_id: await api.account(), iam_id: `iam-${serviceId}` },
      ...{ type: "serviceid", pagesize: "100" },
    };
    return (await api.pages("iam", "/v1/apikeys", apiKeys, { query }))
      .flatMap((page) => page.apikeys)
      .filter(isOurs)
      .map(({ id, name, created_at: since }) => ({
        kind: "API key",
        name,
        id,
        place,
        ...(since === undefined ? {} : { since }),
        remove: `ibmcloud iam service-api-key-delete ${id} ${serviceId} -f`,
      }));
  };
  const findKeys = async () =>
    (await Promise.all((await ids()).map(({ id }) => keysOf(id)))).flat();
  const findPolicies = async () => {
    const query = { account_id: await api.account(), type: "access" };
    return (await api.pages("iam", "/v1/policies", policies, { query }))
      .flatMap((page) => page.policies)
      .filter((policy) => policy.description === description)
      .map(({ id, created_at: since, subjects }) => ({
        kind: "policy",
        name: id,
        // As the provider has it.
        id: `${subjectIn(subjects)}/${id}`,
        place,
        ...(since === undefined ? {} : { since }),
        remove: `ibmcloud iam service-policy-delete ${subjectIn(subjects)} ${id} -f`,
      }));
  };
  const findIds = async () =>
    (await ids()).map(({ id, name, created_at: since }) => ({
      kind: "service ID",
      name,
      id,
      place,
      ...(since === undefined ? {} : { since }),
      remove: `ibmcloud iam service-id-delete ${id} -f`,
    }));
  return [
    { kinds: "API keys", find: findKeys },
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
