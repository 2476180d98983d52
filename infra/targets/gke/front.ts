import { Address } from "@pulumi/gcp/compute/address";
import { GlobalAddress } from "@pulumi/gcp/compute/globalAddress";
import type { Subnetwork } from "@pulumi/gcp/compute/subnetwork";
import { RecordSet } from "@pulumi/gcp/dns/recordSet";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import type * as pulumi from "@pulumi/pulumi";
import { ProgramError } from "../../errors";
import type { Front, FrontArgs } from "../target";
import { addressDescription, addressName, type GkeContext } from "./context";
import { backendConfig, frontendConfig, managedCertificate } from "./google-objects";

/** What a front is made in. */
export interface FrontPlace {
  readonly context: GkeContext;
  /** Internal balancers get their address from it. */
  readonly subnetwork: Subnetwork;
  /** Of Kubernetes. */
  readonly provider: pulumi.ProviderResource;
}

/** Registers what a service's balancer is made of beside the Service or Ingress. */
export function front(place: FrontPlace, args: FrontArgs): Front {
  switch (args.exposure) {
    case "LoadBalancer":
      return loadBalancer(place, args);
    case "Ingress":
      return ingress(place, args);
    default:
      return { reachableFrom: "cluster" };
  }
}

/** An address that outlives the balancer: https://docs.cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer-parameters */
function loadBalancer({ context, subnetwork }: FrontPlace, args: FrontArgs): Front {
  const { config, own, labels, apis } = context;
  const { service, stack, internal } = args;
  const suffix = internal ? ["internal"] : [];
  const address = new Address(
    [service, ...suffix].join("-"),
    {
      project: config.project,
      region: config.region,
      description: addressDescription(stack, service),
      labels: { ...labels },
      name: addressName(stack, service, internal),
      ...(internal
        ? { addressType: "INTERNAL", subnetwork: subnetwork.id }
        : { addressType: "EXTERNAL" }),
    },
    { ...own, parent: args.parent, dependsOn: [...apis] },
  );
  return {
    reachableFrom: internal ? "vpc" : "internet",
    serviceAnnotations: internal
      ? { "networking.gke.io/load-balancer-type": "Internal" }
      : // The balancer that Google advises for a new Service; without it, it is one of the older kind.
        { "cloud.google.com/l4-rbs": "enabled" },
    loadBalancerIp: address.address,
    dependsOn: [address],
  };
}

/** https://docs.cloud.google.com/kubernetes-engine/docs/concepts/ingress; GKE reads the class from the annotation only. */
const INGRESS_CLASS = { "kubernetes.io/ingress.class": "gce" } as const;

/** @throws ProgramError without a host; config is checked for it before */
function ingress(place: FrontPlace, args: FrontArgs): Front {
  const { config, own, apis, labels } = place.context;
  const { service, stack, host, tls, health } = args;
  if (host === undefined) throw new ProgramError(`service ${service}: an Ingress needs a host`);
  const name = addressName(stack, service);
  const cloud = { ...own, parent: args.parent, dependsOn: [...apis] };
  const address = new GlobalAddress(
    service,
    { project: config.project, name, labels: { ...labels } },
    cloud,
  );
  const record =
    config.dnsZone === undefined
      ? []
      : [
          new RecordSet(
            service,
            {
              project: config.project,
              managedZone: config.dnsZone,
              name: `${host}.`,
              type: "A",
              ttl: 300,
              rrdatas: [address.address],
            },
            cloud,
          ),
        ];
  const objects = {
    parent: args.parent,
    provider: place.provider,
    dependsOn: [...args.dependsOn],
  };
  const backend = new CustomResource(`${service}-backend`, backendConfig(args, health), objects);
  const certificate =
    tls === "managed"
      ? [new CustomResource(`${service}-certificate`, managedCertificate(args, host), objects)]
      : [];
  const redirect =
    tls === undefined
      ? []
      : [new CustomResource(`${service}-frontend`, frontendConfig(args), objects)];
  return {
    reachableFrom: "internet",
    serviceAnnotations: {
      "cloud.google.com/neg": '{"ingress": true}',
      "cloud.google.com/backend-config": JSON.stringify({ default: service }),
    },
    ingress: {
      annotations: {
        ...INGRESS_CLASS,
        "kubernetes.io/ingress.global-static-ip-name": name,
        ...(certificate.length === 0 ? {} : { "networking.gke.io/managed-certificates": service }),
        ...(redirect.length === 0 ? {} : { "networking.gke.io/v1beta1.FrontendConfig": service }),
      },
      address: address.address,
    },
    dependsOn: [address, ...record, backend, ...certificate, ...redirect],
  };
}
