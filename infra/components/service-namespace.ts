import * as pulumi from "@pulumi/pulumi";
import { Namespace, Secret } from "@pulumi/kubernetes/core/v1";
import { namespace } from "../manifests/namespace";
import { dockerConfigJson, pullSecret } from "../manifests/secret";
import type { ImageStore } from "../targets/target";

export interface ServiceNamespaceArgs {
  /** Physical name. */
  readonly name: string;
  readonly stack: string;
  readonly provider: pulumi.ProviderResource;
  readonly images: ImageStore;
}

/** Name of the registry's pull secret in every namespace of a stack. */
const PULL_SECRET = "registry";

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
    const space = new Namespace(name, namespace({ name: args.name, stack: args.stack }), own);
    const contents: pulumi.Resource[] = [space];
    if (args.images.kind === "registry" && args.images.credentials !== undefined) {
      const { server, credentials } = args.images;
      const json = credentials.password.apply((password) =>
        dockerConfigJson(server, credentials.user, password),
      );
      this.pullSecret = PULL_SECRET;
      const manifest = pullSecret({
        name: PULL_SECRET,
        namespace: args.name,
        stack: args.stack,
        dockerConfigJson: pulumi.secret(json),
      });
      contents.push(new Secret(`${name}-${PULL_SECRET}`, manifest, { ...own, dependsOn: [space] }));
    }
    this.contents = contents;
    this.registerOutputs({ name: this.name });
  }
}
