import * as pulumi from "@pulumi/pulumi";
import { CrNamespace } from "@pulumi/ibm/crNamespace";
import { CrRetentionPolicy } from "@pulumi/ibm/crRetentionPolicy";
import { IamServiceApiKey } from "@pulumi/ibm/iamServiceApiKey";
import { IamServiceId } from "@pulumi/ibm/iamServiceId";
import { IamServicePolicy } from "@pulumi/ibm/iamServicePolicy";
import { physicalName } from "../../naming";
import type { RegistryLogin, RegistryStore } from "../target";
import { apiKey, type IbmContext } from "./context";
import { pullAccount, pullDescription, REGISTRY_HOSTS } from "./names";

/** Of IBM's own images, and of namespaces that are in no region. */
const GLOBAL_HOST = "icr.io";

/** Who logs in with an API key: https://cloud.ibm.com/docs/Registry?topic=Registry-registry_access */
const API_KEY_USER = "iamapikey";

/** IBM Cloud Container Registry: the stack's namespace, and a service ID that may pull from it, from those that config names, and nothing else. */
export class IbmRegistry extends pulumi.ComponentResource {
  readonly store: RegistryStore;

  /** @throws ProgramError when there is no API key to push with */
  constructor(name: string, context: IbmContext) {
    super("modelport:ibm:Registry", name, {}, { parent: context.own.parent });
    const { config, stack, resourceGroupId, tags } = context;
    const { registryNamespace: namespace, imagesPerRepository } = config;
    const own = { ...context.own, parent: this };
    const made = config.createRegistryNamespace
      ? new CrNamespace(
          name,
          {
            name: namespace,
            tags,
            ...(resourceGroupId === undefined ? {} : { resourceGroupId }),
          },
          own,
        )
      : undefined;
    if (made !== undefined)
      new CrRetentionPolicy(
        name,
        // The images that run are tagged by their content: untagged ones are leftovers.
        { namespace: made.name, imagesPerRepo: imagesPerRepository, retainUntagged: false },
        own,
      );
    const server = REGISTRY_HOSTS[config.region];
    this.store = {
      kind: "registry",
      server,
      // A path has no capitals; a stack's name may.
      repository: (service) => `${server}/${namespace}/${physicalName([stack])}/${service}`,
      push: { user: API_KEY_USER, password: pulumi.secret(apiKey()) },
      pull: pullLogin(name, context, own),
      dependsOn: made === undefined ? [] : [made],
    };
    this.registerOutputs({});
  }
}

/**
 * A login of the nodes' own. The one that clusters come with is copied to the namespace `default` only, and missing where
 * the cluster's maker lacked rights: https://cloud.ibm.com/docs/containers?topic=containers-registry#cluster_registry_auth
 */
function pullLogin(
  name: string,
  { config, stack }: IbmContext,
  own: pulumi.CustomResourceOptions,
): RegistryLogin {
  const account = pullAccount(stack);
  const description = pullDescription(stack, config.region);
  const serviceId = new IamServiceId(name, { name: account, description }, own);
  const mayRead = (policy: string, namespace: string) =>
    new IamServicePolicy(
      policy,
      {
        iamServiceId: serviceId.id,
        roles: ["Reader"],
        // Without a region it is for the namespaces of that name in all of them.
        resources: {
          service: "container-registry",
          resourceType: "namespace",
          resource: namespace,
        },
        description,
      },
      own,
    );
  const others = new Set(config.pullNamespaces);
  others.delete(config.registryNamespace);
  const policies = [
    mayRead(name, config.registryNamespace),
    ...[...others].map((namespace) => mayRead(`${name}-${namespace}`, namespace)),
  ];
  const key = new IamServiceApiKey(
    name,
    { name: account, iamServiceId: serviceId.iamId, description },
    // A key that may nothing yet must not reach the cluster.
    { ...own, dependsOn: policies, additionalSecretOutputs: ["apikey"] },
  );
  return {
    user: API_KEY_USER,
    password: pulumi.secret(key.apikey),
    servers: [...new Set([...Object.values(REGISTRY_HOSTS), GLOBAL_HOST])],
  };
}
