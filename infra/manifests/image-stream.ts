import type { types } from "@pulumi/kubernetes";
import { labels, type ServiceIdentity } from "./labels";

/**
 * image.openshift.io/v1 ImageStream, as far as it is used: names a repository of the cluster's own registry.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/image_apis/imagestream-image-openshift-io-v1
 */
export interface ImageStream {
  readonly apiVersion: "image.openshift.io/v1";
  readonly kind: "ImageStream";
  readonly metadata: types.input.meta.v1.ObjectMeta;
  readonly spec: {
    /** `local`: whether pods may name the stream instead of an image. */
    readonly lookupPolicy: { readonly local: boolean };
  };
}

export interface ImageStreamArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
}

/** What the cluster says of an ImageStream, at once. */
export interface ImageStreamStatus {
  /** Repository in the cluster's own registry; undefined where it has none. */
  readonly dockerImageRepository?: string;
}

export function imageStream({ identity, namespace }: ImageStreamArgs): ImageStream {
  return {
    apiVersion: "image.openshift.io/v1",
    kind: "ImageStream",
    metadata: { name: identity.service, namespace, labels: labels(identity) },
    spec: { lookupPolicy: { local: false } },
  };
}
