import * as pulumi from "@pulumi/pulumi";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import type { IbmConfig } from "../../config/targets/ibm";
import { labels } from "../../manifests/labels";
import { physicalName } from "../../naming";
import type { Front, FrontArgs } from "../target";
import { certificateId, knownDomain, type DomainArgs } from "./domain";

/** What a front is made in. */
export interface FrontPlace extends Omit<DomainArgs, "stack"> {
  readonly config: Pick<IbmConfig, "infrastructure" | "loadBalancer">;
  /** Of Kubernetes. */
  readonly provider: pulumi.ProviderResource;
}

/** What IBM Cloud wants in front of a service's pods. */
export function front(place: FrontPlace, args: FrontArgs): Front {
  switch (args.exposure) {
    case "LoadBalancer":
      return loadBalancer(place.config, args.internal);
    case "Ingress":
      return ingress(place, args);
    case "NodePort":
      return { reachableFrom: place.config.infrastructure === "vpc" ? "vpc" : "internet" };
    case "Route":
      return { reachableFrom: "internet" };
    case "ClusterIP":
      return { reachableFrom: "cluster" };
  }
}

const PREFIX = "service.kubernetes.io/ibm-load-balancer-cloud-provider";

/** https://cloud.ibm.com/docs/containers?topic=containers-setup_vpc_alb, …-setup_vpc_nlb; on classic infrastructure there is one kind. */
function loadBalancer(
  { infrastructure, loadBalancer: kind }: FrontPlace["config"],
  internal: boolean,
): Front {
  return {
    reachableFrom: internal ? "vpc" : "internet",
    serviceAnnotations: {
      [`${PREFIX}-ip-type`]: internal ? "private" : "public",
      ...(infrastructure === "vpc" && kind === "nlb"
        ? { [`${PREFIX}-enable-features`]: "nlb" }
        : {}),
    },
  };
}

/** By the cluster's default class, which is nginx or Traefik: https://cloud.ibm.com/docs/containers?topic=containers-managed-ingress-move-traefik */
function ingress(place: FrontPlace, args: FrontArgs): Front {
  const { provider } = place;
  const { service, namespace, stack, tls } = args;
  const host = pulumi.interpolate`${service}.${knownDomain({ ...place, stack })}`;
  if (tls !== "managed") return { reachableFrom: "internet", ingress: { host } };
  // The platform keeps the certificate in the namespace `default`, and an Ingress reads its own namespace only.
  // IBM Cloud renews it after two of its three months: the next update brings the new one.
  const id = certificateId({ ...place, stack });
  const source = Secret.get(`${service}-domain-certificate`, id, { parent: args.parent, provider });
  const name = physicalName([service, "domain-tls"]);
  const copy = new Secret(
    `${service}-domain-tls`,
    {
      metadata: { name, namespace, labels: labels({ stack, service }) },
      type: "kubernetes.io/tls",
      data: pulumi.secret(source.data),
    },
    { parent: args.parent, provider, dependsOn: [...args.dependsOn] },
  );
  return {
    reachableFrom: "internet",
    ingress: { host, tlsSecret: name },
    dependsOn: [copy],
  };
}
