import * as http from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";
import type { Route } from "../../support/openshift/kinds";
import { whenThere } from "./when-there";
import { create, type OpenShiftPlace, ROUTER } from "./place";

export const routePath = (of: string, name: string) =>
  `/apis/route.openshift.io/v1/namespaces/${of}/routes/${name}`;

export async function makeRoute(
  place: OpenShiftPlace,
  namespace: string,
  name: string,
  { to = name, host, tls }: { to?: string; host?: string; tls?: object },
): Promise<void> {
  await create(place.api, `/apis/route.openshift.io/v1/namespaces/${namespace}/routes`, {
    apiVersion: "route.openshift.io/v1",
    kind: "Route",
    metadata: { name, namespace },
    spec: { host, to: { kind: "Service", name: to }, port: { targetPort: "http" }, tls },
  });
}

export const verdict = (place: OpenShiftPlace, of: string, name: string) =>
  whenThere(async () => {
    const route = await place.api.get<Route>(routePath(of, name));
    return route?.status?.ingress?.[0]?.conditions[0];
  });

export const admitted = (place: OpenShiftPlace, of: string, name: string) =>
  whenThere(async () => {
    const route = await place.api.get<Route>(routePath(of, name));
    return route?.status?.ingress?.[0]?.conditions[0]?.status === "True" ? route : undefined;
  });

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Asks the router, as who looked the host up in DNS. */
export function ask(url: string, ca?: string, agent?: http.Agent): Promise<Answer> {
  const { protocol, hostname, pathname, search } = new URL(url);
  const options = {
    host: ROUTER,
    path: `${pathname}${search}`,
    headers: { host: hostname },
    ...(agent === undefined ? {} : { agent }),
  };
  return new Promise((resolve, reject) => {
    const request =
      protocol === "https:"
        ? https.get({ ...options, servername: hostname, ca })
        : http.get(options);
    request.once("error", reject);
    request.once("response", (response) => {
      const { statusCode: status = 0, headers } = response;
      text(response).then((body) => resolve({ status, headers, body }), reject);
    });
  });
}
