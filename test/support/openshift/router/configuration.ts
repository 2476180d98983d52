import * as path from "node:path";
import { type Route } from "../kinds";
import { backendName, type Slots } from "./endpoints";

export interface RouterPlace {
  /** Where it listens, on ports 80 and 443. */
  readonly address: string;
  /** Of all its files. */
  readonly folder: string;
  /** Network namespace of the pods, by its name in /var/run/netns. */
  readonly network: string;
  /** PEM, certificate and key: for hosts that bring none. */
  readonly certificate: string;
}

export interface RoutedHost {
  readonly route: Route;
  readonly slots: Slots;
}

/** The router's files, by their names in its folder. */
export type RouterFiles = Readonly<Record<string, string>>;

export const CONFIGURATION = "haproxy.cfg";
export const SOCKET = "admin.sock";

/**
 * HAProxy's configuration: what openshift/router's template says for plain and edge-terminated Routes. Connections without a request
 * outlive a reload until their next answer, which is the router's policy "Deferred": a request never meets a closed door.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/operator_apis/ingresscontroller-operator-openshift-io-v1 (spec.idleConnectionTerminationPolicy)
 * https://docs.haproxy.org/2.6/configuration.html; sockets in another network namespace: doc/network-namespaces.txt of HAProxy.
 */
export function configure(place: RouterPlace, hosts: readonly RoutedHost[]): RouterFiles {
  const at = (file: string) => path.join(place.folder, file);
  const { address, network } = place;
  const plain = hosts.filter(({ route: { spec } }) => insecure(spec.tls) === "Allow");
  const redirected = hosts.filter(({ route: { spec } }) => insecure(spec.tls) === "Redirect");
  const secure = hosts.filter(({ route: { spec } }) => spec.tls !== undefined);
  const HOST = "req.hdr(host),lower,field(1,:)";
  const configuration = `global
  stats socket ${at(SOCKET)} mode 600 level admin
  ssl-default-bind-options ssl-min-ver TLSv1.2
  maxconn 4000

defaults
  mode http
  option redispatch
  option idle-close-on-response
  retries 3
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout http-request 10s
  timeout http-keep-alive 300s
  errorfile 503 ${at("503.http")}

frontend public
  bind ${address}:80
  http-request redirect scheme https code 302 if { ${HOST},map(${at("redirected.map")}) -m found }
  use_backend %[${HOST},map(${at("plain.map")},unavailable)]

frontend public_ssl
  bind ${address}:443 ssl crt ${at("default.pem")} crt-list ${at("certificates.list")}
  http-request set-header X-Forwarded-Proto https
  use_backend %[${HOST},map(${at("secure.map")},unavailable)]

backend unavailable
${hosts.map((host) => backend(host, network)).join("")}`;
  return {
    [CONFIGURATION]: configuration,
    "503.http": UNAVAILABLE,
    "plain.map": map(plain),
    "redirected.map": map(redirected),
    "secure.map": map(secure),
    "default.pem": place.certificate,
    ...Object.fromEntries(
      secure.flatMap(({ route }) => {
        const pem = pemOf(route);
        return pem === undefined ? [] : [[`${backendName(route)}.pem`, pem]];
      }),
    ),
    "certificates.list": secure
      .filter(({ route }) => pemOf(route) !== undefined)
      .map(({ route }) => `${at(`${backendName(route)}.pem`)} ${route.spec.host ?? ""}\n`)
      .join(""),
  };
}

/** What happens to plain HTTP; without TLS that is what a Route is for. With it and nothing said, plain HTTP is nobody's. */
function insecure(tls: Route["spec"]["tls"]): "None" | "Allow" | "Redirect" {
  if (tls === undefined) return "Allow";
  const { insecureEdgeTerminationPolicy: policy = "" } = tls;
  return policy === "" ? "None" : policy;
}

const map = (hosts: readonly RoutedHost[]): string =>
  hosts.map(({ route }) => `${route.spec.host ?? ""} ${backendName(route)}\n`).join("");

/** Certificate, chain, key in one file: undefined where the Route leaves it to the router. */
function pemOf({ spec: { tls } }: Route): string | undefined {
  if (tls?.certificate === undefined || tls.certificate === "") return undefined;
  return [tls.certificate, tls.caCertificate ?? "", tls.key ?? ""]
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => `${part}\n`)
    .join("");
}

/** Servers without an endpoint wait for one: `set server` gives it to them while HAProxy runs. */
function backend({ route, slots }: RoutedHost, network: string): string {
  const servers = slots.map((endpoint, slot) => {
    const address = endpoint ?? "127.0.0.1:1 disabled";
    return `  server ${serverName(slot)} ${address} namespace ${network}\n`;
  });
  return `
backend ${backendName(route)}
  balance random
  option forwardfor
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  http-request set-header X-Forwarded-Proto http if !{ ssl_fc }
${servers.join("")}`;
}

export const serverName = (slot: number): string => `pod${slot}`;

/** What the router says of hosts it doesn't know, and of those without a ready pod. */
const PAGE = `<html><head><title>Application is not available</title></head><body>
<h1>Application is not available</h1>
<p>The application is currently not serving requests at this endpoint. It may not have been started or is still starting.</p>
</body></html>
`;

const UNAVAILABLE = [
  "HTTP/1.0 503 Service Unavailable",
  "Pragma: no-cache",
  "Cache-Control: private, max-age=0, no-cache, no-store",
  "Connection: close",
  "Content-Type: text/html",
  "",
  PAGE,
].join("\r\n");
