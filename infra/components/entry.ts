import * as pulumi from "@pulumi/pulumi";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { Secret } from "@pulumi/kubernetes/core/v1";
import { Ingress } from "@pulumi/kubernetes/networking/v1/ingress";
import { ingress } from "../manifests/ingress";
import type { ServiceIdentity } from "../manifests/labels";
import { route } from "../manifests/route";
import { tlsSecret } from "../manifests/tls-secret";
import { physicalName } from "../naming";
import type { IngressFront } from "../targets/target";

export type FrontTls = { readonly kind: "managed" } | GivenTls;

/** PEM, all three; the key goes into the state as a secret. */
export interface GivenTls {
  readonly kind: "given";
  readonly certificate: string;
  readonly key: string;
  readonly caCertificate?: string | undefined;
}

export interface EntryArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
  readonly kind: "Ingress" | "Route";
  /** Default: the platform's own name for the service. */
  readonly host?: string;
  /** Default: plain HTTP. */
  readonly tls?: FrontTls;
  readonly platform: IngressFront;
}

export interface EntryOptions extends pulumi.CustomResourceOptions {
  parent: pulumi.Resource;
  dependsOn: pulumi.Resource[];
}

/** Registers what leads requests for a host to a Service. */
export function registerEntry(
  name: string,
  args: EntryArgs,
  options: EntryOptions,
): pulumi.CustomResource {
  return args.kind === "Ingress"
    ? registerIngress(name, args, options)
    : registerRoute(name, args, options);
}

function registerIngress(name: string, args: EntryArgs, options: EntryOptions): Ingress {
  const { identity, namespace, tls, platform } = args;
  const host = args.host ?? platform.host;
  const secret = tls?.kind === "given" ? registerTls(name, args, tls, options) : undefined;
  const servedWith =
    tls === undefined ? undefined : tls.kind === "given" ? tlsName(identity) : platform.tlsSecret;
  const manifest = ingress({
    identity,
    namespace,
    ...(platform.className === undefined ? {} : { className: platform.className }),
    ...(platform.annotations === undefined ? {} : { annotations: platform.annotations }),
    ...(host === undefined ? {} : { host }),
    ...(servedWith === undefined ? {} : { tlsSecret: servedWith }),
  });
  const dependsOn = [...options.dependsOn, ...(secret === undefined ? [] : [secret])];
  return new Ingress(name, manifest, { ...options, dependsOn });
}

/** Not `<service>-tls`: that is what issuers' Secrets are called, and these outlive them. */
const tlsName = ({ service }: ServiceIdentity) => physicalName([service, "own-tls"]);

function registerTls(
  name: string,
  { identity, namespace }: EntryArgs,
  { certificate, key, caCertificate = "" }: GivenTls,
  options: EntryOptions,
): Secret {
  const manifest = tlsSecret({
    identity,
    namespace,
    name: tlsName(identity),
    certificate: `${[certificate, caCertificate].join("\n").trim()}\n`,
    key: pulumi.secret(key),
  });
  return new Secret(`${name}-tls`, manifest, options);
}

/** The API server lets a Route's host be changed with a right of its own only (routes/custom-host): a new one takes its place. */
function registerRoute(name: string, args: EntryArgs, options: EntryOptions): CustomResource {
  const { identity, namespace, host, tls, platform } = args;
  const manifest = route({
    identity,
    namespace,
    ...(platform.annotations === undefined ? {} : { annotations: platform.annotations }),
    ...(host === undefined ? {} : { host }),
    ...(tls === undefined
      ? {}
      : { tls: tls.kind === "given" ? { ...tls, key: pulumi.secret(tls.key) } : tls.kind }),
  });
  return new CustomResource(
    name,
    { ...manifest },
    { ...options, replaceOnChanges: ["spec.host"], deleteBeforeReplace: true },
  );
}
