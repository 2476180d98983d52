import { JSON_LENGTH_HEADER } from "../../codec/binary";
import { parseInfer, renderInfer, type InferRequest } from "../../codec/open-inference";
import type { DataPlane } from "../../data-plane";
import { RequestError } from "../../errors";
import { identity, platform } from "../../identity";
import type { TensorMetadata } from "../../model-metadata";
import { jsonReply, JSON_TYPE, type Endpoint, type Handler, type Match } from "./endpoint";
import { predict, type PredictionCodec } from "./prediction";
import { openInference as protocol } from "./protocols";
import { decode } from "./segments";

/** The Open Inference Protocol over HTTP, binary data extension included: `/v2` and what follows it, by its segments. */
export class OpenInferenceRoutes {
  /** Those without a model. */
  readonly fixed: readonly Endpoint[];
  private readonly infer: Endpoint;
  private readonly metadata: Endpoint;
  private readonly modelReady: Endpoint;

  constructor(
    private readonly dataPlane: DataPlane,
    maxRows: number,
    isDraining: () => boolean,
  ) {
    const codec: PredictionCodec<InferRequest> = {
      parse({ headers, body }, served) {
        const length = headers[JSON_LENGTH_HEADER];
        return parseInfer(body, Array.isArray(length) ? length[0] : length, served, maxRows);
      },
      render(served, parsed, outputs) {
        const { body, jsonLength } = renderInfer(served, parsed, outputs);
        if (jsonLength === undefined) return { status: 200, type: JSON_TYPE, body };
        const headers = [JSON_LENGTH_HEADER, String(jsonLength)];
        return { status: 200, type: "application/octet-stream", body, headers };
      },
    };
    const path = "/v2/models/{model}";
    this.infer = {
      path: `${path}/infer`,
      protocol,
      POST: (call) => predict(codec, dataPlane.find(call.model, call.version), call),
    };
    this.metadata = { path, protocol, GET: this.getMetadata };
    this.modelReady = { path: `${path}/ready`, protocol, GET: this.getModelReady };

    const about = { ...identity, extensions: ["binary_tensor_data"] };
    const ready: Handler = () => {
      const own = dataPlane.status().ready && !isDraining();
      return jsonReply({ ready: own }, own ? 200 : 503);
    };
    this.fixed = [
      { path: "/v2", protocol, open: true, GET: () => jsonReply(about) },
      {
        path: "/v2/health/live",
        protocol,
        open: true,
        GET: () => jsonReply({ live: true }),
      },
      { path: "/v2/health/ready", protocol, open: true, GET: ready },
    ];
  }

  /** @param segments of the path, as they were sent: `v2`, `models`, … */
  match(segments: readonly string[]): Match {
    const [, models, name, ...rest] = segments;
    const model = models === "models" && name !== undefined ? decode(name) : undefined;
    if (model === undefined) return { protocol };
    if (rest[0] !== "versions") return { protocol, endpoint: this.endpoint(rest), model };
    const version = rest[1] === undefined ? undefined : decode(rest[1]);
    if (version === undefined) return { protocol };
    return { protocol, endpoint: this.endpoint(rest.slice(2)), model, version };
  }

  private endpoint([action, ...more]: readonly string[]): Endpoint | undefined {
    if (action === undefined) return this.metadata;
    if (more.length > 0) return undefined;
    return action === "infer" ? this.infer : action === "ready" ? this.modelReady : undefined;
  }

  private readonly getModelReady: Handler = ({ model, version }) => {
    try {
      const { metadata } = this.dataPlane.find(model, version);
      return jsonReply({ name: metadata.name, ready: true });
    } catch (error) {
      if (!(error instanceof RequestError) || error.status !== 503) throw error;
      return jsonReply({ name: model, ready: false, error: error.message }, 503);
    }
  };

  private readonly getMetadata: Handler = (call) => {
    const { metadata } = this.dataPlane.find(call.model, call.version);
    const status = this.dataPlane.models().find(({ name }) => name === metadata.name);
    return jsonReply({
      name: metadata.name,
      versions: status?.versions
        .filter(({ state }) => state === "ready")
        .map(({ version }) => version),
      platform,
      inputs: metadata.inputs.map(tensorMetadata),
      outputs: metadata.outputs.map(tensorMetadata),
    });
  };
}

function tensorMetadata({ name, datatype, shape }: TensorMetadata): unknown {
  return { name, datatype, shape };
}
