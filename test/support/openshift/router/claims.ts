import { createPrivateKey, X509Certificate } from "node:crypto";
import { keyOf, type Route } from "../kinds";

/** What the router says of a Route. */
export type Verdict =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly reason: string; readonly message: string };

/**
 * Of Routes with the same host the oldest has it; another namespace's never shares it. Texts: openshift/router, pkg/router/controller/unique_host.go,
 * extended_validator.go.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/networking_overview/networking-routes (route admission)
 * @returns by `namespace/name`
 */
export function judge(routes: readonly Route[]): Map<string, Verdict> {
  const owners = new Map<string, Route>();
  const verdicts = new Map<string, Verdict>();
  for (const route of [...routes].sort(byAge)) {
    const { host = "" } = route.spec;
    const owner = owners.get(host);
    const fault = owner === undefined ? tlsFault(route) : undefined;
    if (owner !== undefined) verdicts.set(keyOf(route), claimed(route, owner));
    else if (fault !== undefined)
      verdicts.set(keyOf(route), {
        admitted: false,
        reason: "ExtendedValidationFailed",
        message: fault,
      });
    else {
      owners.set(host, route);
      verdicts.set(keyOf(route), { admitted: true });
    }
  }
  return verdicts;
}

function byAge({ metadata: a }: Route, { metadata: b }: Route): number {
  const [left, right] = [a, b].map(
    ({ creationTimestamp = "", uid = "" }) => `${creationTimestamp} ${uid}`,
  ) as [string, string];
  return left < right ? -1 : 1;
}

function claimed(route: Route, owner: Route): Verdict {
  const { host = "" } = route.spec;
  const message =
    owner.metadata.namespace === route.metadata.namespace
      ? `route ${owner.metadata.name} already exposes ${host} and is older`
      : `a route in another namespace holds ${host} and is older than ${route.metadata.name}`;
  return { admitted: false, reason: "HostAlreadyClaimed", message };
}

/** openshift/library-go, pkg/route/validation: what makes a router refuse a certificate. */
function tlsFault({ spec: { tls } }: Route): string | undefined {
  if (tls?.certificate === undefined || tls.certificate === "") return undefined;
  const certificate = attempt(() => new X509Certificate(tls.certificate ?? ""));
  if (certificate === undefined)
    return 'spec.tls.certificate: Invalid value: "redacted certificate data": tls: failed to find any PEM data in certificate input';
  const key = attempt(() => createPrivateKey(tls.key ?? ""));
  if (key === undefined)
    return 'spec.tls.key: Invalid value: "redacted key data": tls: failed to find any PEM data in key input';
  return certificate.checkPrivateKey(key)
    ? undefined
    : 'spec.tls.certificate: Invalid value: "redacted certificate data": tls: private key does not match public key';
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
