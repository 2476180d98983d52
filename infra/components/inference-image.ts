import * as pulumi from "@pulumi/pulumi";
import { Image, type Provider } from "@pulumi/docker";
import type { BuildFacts, ImageStore } from "../targets/target";
import type { Platform } from "../units";
import type { StagedContext } from "./build-context";

export interface InferenceImageArgs {
  /** Name of the service, which is part of the repository's. */
  readonly service: string;
  readonly context: StagedContext;
  /** Within the context. Default: "Dockerfile". */
  readonly dockerfile?: string;
  /** Of the Dockerfile. Default: the last one. */
  readonly stage?: string;
  /** Of the nodes. */
  readonly platform: Platform;
  readonly build: BuildFacts;
  readonly images: ImageStore;
  /** The Docker daemon that builds. */
  readonly docker: Provider;
}

/** Long enough that two contents never share a tag, short enough to read. */
const TAG_LENGTH = 16;

/** An image built from a staged context and brought to where the nodes find it. Nothing is built in a preview. */
export class InferenceImage extends pulumi.ComponentResource {
  /** What pods use: repository@digest, or the loaded image's unique tag. */
  readonly ref: pulumi.Output<string>;

  constructor(name: string, args: InferenceImageArgs, options?: pulumi.ComponentResourceOptions) {
    super("modelport:index:InferenceImage", name, {}, options);
    const { images, context } = args;
    const imageName = `${images.repository(args.service)}:${context.hash.slice(0, TAG_LENGTH)}`;
    const image = new Image(
      name,
      {
        imageName,
        build: {
          context: context.path,
          dockerfile: `${context.path}/${args.dockerfile ?? "Dockerfile"}`,
          platform: args.platform,
          ...(args.stage === undefined ? {} : { target: args.stage }),
          ...(args.build.baseImage === undefined
            ? {}
            : { args: { BASE_IMAGE: args.build.baseImage } }),
        },
        ...push(images),
      },
      {
        parent: this,
        provider: args.docker,
        ...(images.kind === "registry" ? { dependsOn: [...(images.dependsOn ?? [])] } : {}),
      },
    );
    this.ref =
      images.kind === "registry"
        ? image.repoDigest
        : images.load(name, imageName, image.repoDigest, { parent: this });
    this.registerOutputs({ ref: this.ref });
  }
}

/** Push settings of an `Image`. */
function push(images: ImageStore) {
  if (images.kind === "loaded") return { skipPush: true };
  const { server, push: login } = images;
  if (login === undefined) return { registry: { server } };
  return { registry: { server, username: login.user, password: login.password } };
}
