import type { Cloud } from "../../cloud";
import type { RestAnswer, RestRequest } from "../../http";
import { text } from "../../values";
import { identityOf, issueToken, KEY_NOT_FOUND } from "../account";
import { ACCOUNT, crn } from "../ids";
import { SERVICE_API_KEY, SERVICE_ID, SERVICE_POLICY } from "../tokens";
import { texts } from "../values";
import { asked, ok, page, time } from "./answers";

/** https://cloud.ibm.com/apidocs/iam-identity-token-api#gettoken-apikey */
export function token({ body }: RestRequest, cloud: Cloud): RestAnswer {
  const identity = identityOf(cloud, text(body, "apikey"));
  if (identity === undefined) return { status: 400, body: KEY_NOT_FOUND };
  const issued = issueToken(cloud, identity);
  return ok({
    access_token: issued.token,
    refresh_token: "not_supported",
    token_type: "Bearer",
    expires_in: issued.seconds,
    expiration: issued.expiration,
    scope: "ibm openid",
  });
}

/** https://cloud.ibm.com/apidocs/iam-identity-token-api#get-api-keys-details */
export function keyDetails({ headers }: RestRequest, cloud: Cloud): RestAnswer {
  const key = headers["iam-apikey"];
  const identity = typeof key === "string" ? identityOf(cloud, key) : undefined;
  if (identity === undefined) return { status: 404, body: KEY_NOT_FOUND };
  const { keyId: id, iamId: iam_id } = identity;
  return ok({ id, iam_id, account_id: ACCOUNT, name: "modelport", locked: false });
}

/** https://cloud.ibm.com/apidocs/iam-identity-token-api#list-service-ids */
export function serviceIds(request: RestRequest, cloud: Cloud, endpoint: string): RestAnswer {
  const limit = asked(request, "pagesize", 20);
  const offset = asked(request, "pagetoken", 0);
  const all = cloud.store.list(SERVICE_ID);
  const { items, next } = page(all, offset, limit);
  const href = (from: number) =>
    `${endpoint}/v1/serviceids?account_id=${ACCOUNT}&pagesize=${limit}&pagetoken=${from}`;
  return ok({
    offset,
    limit,
    first: href(0),
    ...(next === undefined ? {} : { next: href(next) }),
    serviceids: items.map(({ id, outputs, createdAt }) => ({
      id,
      iam_id: `iam-${id}`,
      crn: crn("iam-identity", { region: "", type: "serviceid", resource: id }),
      account_id: ACCOUNT,
      name: text(outputs, "name"),
      description: text(outputs, "description"),
      created_at: time(createdAt),
    })),
  });
}

/** Those of a service ID, without what they open: https://cloud.ibm.com/apidocs/iam-identity-token-api#list-api-keys */
export function apiKeys(request: RestRequest, cloud: Cloud, endpoint: string): RestAnswer {
  const limit = asked(request, "pagesize", 20);
  const offset = asked(request, "pagetoken", 0);
  const iamId = request.query.get("iam_id") ?? "";
  const all = cloud.store
    .list(SERVICE_API_KEY)
    .filter(({ outputs }) => outputs["iamServiceId"] === iamId);
  const { items, next } = page(all, offset, limit);
  const href = (from: number) =>
    `${endpoint}/v1/apikeys?account_id=${ACCOUNT}&iam_id=${iamId}&type=serviceid&pagesize=${limit}&pagetoken=${from}`;
  return ok({
    offset,
    limit,
    first: href(0),
    ...(next === undefined ? {} : { next: href(next) }),
    apikeys: items.map(({ id, outputs, createdAt }) => ({
      id,
      crn: text(outputs, "crn"),
      iam_id: iamId,
      account_id: ACCOUNT,
      name: text(outputs, "name"),
      description: text(outputs, "description"),
      locked: outputs["locked"] === true,
      created_by: text(outputs, "createdBy"),
      created_at: time(createdAt),
      apikey: "",
    })),
  });
}

/** https://cloud.ibm.com/apidocs/iam-policy-management#list-policies */
export function policies(_request: RestRequest, cloud: Cloud): RestAnswer {
  return ok({
    policies: cloud.store.list(SERVICE_POLICY).map(({ id, outputs, createdAt }) => ({
      id: id.split("/")[1],
      type: "access",
      description: text(outputs, "description"),
      subjects: [
        { attributes: [{ name: "iam_id", value: `iam-${text(outputs, "iamServiceId")}` }] },
      ],
      roles: texts(outputs, "roles").map((role) => ({
        role_id: `crn:v1:bluemix:public:iam::::serviceRole:${role}`,
        display_name: role,
      })),
      resources: [],
      created_at: time(createdAt),
    })),
  });
}
