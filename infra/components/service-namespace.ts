import * as pulumi from "@pulumi/pulumi";
import { Namespace, Secret } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import type { PodSecurityLevel } from "../config/service-pods";
import { namespace } from "../manifests/namespace";
import { defaultDeny } from "../manifests/network-policy";
import { dockerConfigJson, pullSecret } from "../manifests/secret";
import type { ImageStore } from "../targets/target";

export interface ServiceNamespaceArgs {
  /** Physical name. */
  readonly name: string;
  readonly stack: string;
  readonly provider: pulumi.ProviderResource;
  readonly images: ImageStore;
  /** Of all services in it. Default: "restricted". */
  readonly podSecurity?: PodSecurityLevel;
}

/** Name of the registry's pull secret in every namespace of a stack. */
const PULL_SECRET = "registry";

const DEFAULT_DENY = "default-deny";

/** A namespace of the stack's own, with what all services in it share. */
export class ServiceNamespace extends pulumi.ComponentResource {
  readonly name: string;
  /** Name of the pull secret; undefined for an open registry. */
  readonly pullSecret: string | undefined;
  /** What a service in it must wait for. */
  readonly contents: readonly pulumi.Resource[];

  constructor(name: string, args: ServiceNamespaceArgs, options?: pulumi.ComponentResourceOptions) {
    super("modelport:index:ServiceNamespace", name, {}, options);
    this.name = args.name;
    const own = { parent: this, provider: args.provider };
    const space = new Namespace(name, namespace(args), own);
    const inside = { ...own, dependsOn: [space] };
    const closed = defaultDeny({ namespace: args.name, stack: args.stack });
    const contents: pulumi.Resource[] = [
      space,
      new NetworkPolicy(`${name}-${DEFAULT_DENY}`, closed, inside),
    ];
    if (args.images.kind === "registry" && args.images.pull !== undefined) {
      const { server, pull } = args.images;
      const { servers = [server] } = pull;
      const json = pull.password.apply((password) =>
        dockerConfigJson(servers, pull.user, password),
      );
      this.pullSecret = PULL_SECRET;
      const manifest = pullSecret({
        name: PULL_SECRET,
        namespace: args.name,
        stack: args.stack,
        dockerConfigJson: pulumi.secret(json),
      });
      contents.push(new Secret(`${name}-${PULL_SECRET}`, manifest, inside));
    }
    this.contents = contents;
    this.registerOutputs({ name: this.name });
  }
}
