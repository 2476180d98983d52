import * as fs from "node:fs";
import * as path from "node:path";
import type { ClusterSettings } from "../settings";
import type { Context } from "./component";

/** Where Go looks for the machine's certificates: https://go.dev/src/crypto/x509/root_linux.go */
const MACHINE_CERTIFICATES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/ssl/cert.pem",
];

const BUNDLE = "certificates.pem";

/** Writes what {@link egress} names: the certificates given, and the machine's own, which the variable would hide. */
export function configureEgress({ directory, egress: { certificates } }: ClusterSettings): void {
  if (certificates === undefined) return;
  const own = [process.env["SSL_CERT_FILE"], ...MACHINE_CERTIFICATES].find(
    (file) => file !== undefined && fs.existsSync(file),
  );
  const bundle = [certificates, ...(own === undefined ? [] : [own])]
    .map((file) => fs.readFileSync(file, "utf8").trimEnd())
    .join("\n");
  fs.writeFileSync(path.join(directory, BUNDLE), `${bundle}\n`);
}

/** The proxies of the user's shell are out of the sandbox's reach: {@link egress} names the one that is meant. */
export function withoutProxies(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(https?|all|no)_proxy$/i.test(name)),
  );
}

/**
 * Environment of what pulls and pushes images. The cluster's own registry is never behind the proxy: its name is
 * localhost, and this machine is reached without one. https://pkg.go.dev/golang.org/x/net/http/httpproxy#FromEnvironment
 */
export function egress({ inside, proxy, settings }: Context): Record<string, string> {
  const { certificates } = settings.egress;
  const { hostAddress, nodeAddress } = settings.link;
  const around = ["localhost", "127.0.0.0/8", hostAddress, nodeAddress].join(",");
  return {
    ...(proxy === undefined ? {} : { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: around }),
    ...(certificates === undefined ? {} : { SSL_CERT_FILE: `${inside}/${BUNDLE}` }),
  };
}
