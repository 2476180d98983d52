import type { Api, Followed } from "../api";
import type { Build, ImageStream } from "../kinds";
import { now } from "../router/router";

/** Where builds push their images: tags of ImageStreams. */
export class Output {
  private readonly streams: Followed<ImageStream>;
  /** Resolves when all streams are known. */
  readonly synced: Promise<void>;

  constructor(private readonly api: Api) {
    this.streams = api.follow("/apis/image.openshift.io/v1/imagestreams");
    this.synced = this.streams.synced;
  }

  /** @param listener called after each change of a stream */
  onChange(listener: () => void): void {
    this.streams.onChange(listener);
  }

  /** With the tag; undefined where there is no such stream, or it has no registry yet. */
  referenceOf({ metadata, spec }: Build): string | undefined {
    const { kind, name } = spec.output.to;
    const [stream = "", tag] = name.split(":");
    const status = this.streams.get(`${metadata.namespace ?? ""}/${stream}`)?.status;
    const repository = status?.dockerImageRepository;
    return kind !== "ImageStreamTag" || tag === undefined || repository === undefined
      ? undefined
      : `${repository}:${tag}`;
  }

  /** As the registry does with each push: the stream's tag leads to the new image. */
  async tag({ metadata, spec }: Build, reference: string, image: string): Promise<void> {
    const { namespace = "" } = metadata;
    const [name = "", tag = ""] = spec.output.to.name.split(":");
    const path = `/apis/image.openshift.io/v1/namespaces/${namespace}/imagestreams/${name}`;
    // Not what is followed, which may be from before another build's end.
    const stream = await this.api.get<ImageStream>(path);
    const { dockerImageRepository = "", tags = [] } = stream?.status ?? {};
    const before = tags.find((one) => one.tag === tag)?.items ?? [];
    const item = {
      created: now(),
      dockerImageReference: `${reference.replace(/:[^:/]+$/, "")}@${image}`,
      image,
      generation: 1,
    };
    await this.api.apply(path, {
      apiVersion: "image.openshift.io/v1",
      kind: "ImageStream",
      metadata: { name, namespace },
      status: {
        dockerImageRepository,
        tags: [...tags.filter((one) => one.tag !== tag), { tag, items: [item, ...before] }],
      },
    });
  }
}
