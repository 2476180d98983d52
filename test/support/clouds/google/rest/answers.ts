/** How Google's APIs answer: https://cloud.google.com/apis/design/errors, https://cloud.google.com/apis/design/design_patterns#list_pagination */
import type { RestAnswer, RestRequest } from "../../http";
import type { Values } from "../../values";
import { apiDisabled, type Api } from "../access";
import { PROJECT } from "../names";

const STATUS = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
} as const;

export const ok = (body: Values): RestAnswer => ({ status: 200, body });

export function failed(code: keyof typeof STATUS, message: string, more: Values = {}): RestAnswer {
  return { status: code, body: { error: { code, message, status: STATUS[code], ...more } } };
}

/** https://cloud.google.com/service-infrastructure/docs/service-management/reference/rpc/google.api#errorinfo */
export function disabled(api: Api): RestAnswer {
  const message = apiDisabled(api);
  return failed(403, message, {
    errors: [{ message, domain: "usageLimits", reason: "accessNotConfigured" }],
    details: [
      {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: "SERVICE_DISABLED",
        domain: "googleapis.com",
        metadata: { service: `${api}.googleapis.com`, consumer: `projects/${PROJECT}` },
      },
    ],
  });
}

/** Pages are this small, so that whoever forgets to turn them is found out. */
const MOST = 3;

/** @returns what is on the page that is asked for, and the token of the next */
export function page<T>(
  all: readonly T[],
  { query }: RestRequest,
): { items: T[]; next: { nextPageToken?: string } } {
  const from = Number(Buffer.from(query.get("pageToken") ?? "", "base64").toString() || "0");
  const wanted = Number(query.get("maxResults") ?? query.get("pageSize") ?? MOST);
  const to = from + Math.min(wanted, MOST);
  const more = to < all.length;
  return {
    items: all.slice(from, to),
    next: more ? { nextPageToken: Buffer.from(String(to)).toString("base64") } : {},
  };
}
