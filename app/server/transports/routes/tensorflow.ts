import {
  parsePredict,
  renderPredict,
  SIGNATURE,
  type PredictRequest,
} from "../../codec/tensorflow";
import type { DataPlane, ModelStatus } from "../../data-plane";
import { RequestError } from "../../errors";
import type { TensorMetadata } from "../../model-metadata";
import { DATATYPES } from "../../tensor";
import { jsonReply, JSON_TYPE, type Endpoint, type Handler, type Match } from "./endpoint";
import { predict, type PredictionCodec } from "./prediction";
import { tensorflow as protocol } from "./protocols";
import { decode } from "./segments";

/** TensorFlow Serving's REST API: what follows `/v1/models/`, by its segments. */
export class TensorflowRoutes {
  private readonly predict: Endpoint;
  private readonly status: Endpoint;
  private readonly metadata: Endpoint;
  private readonly unserved: ReadonlyMap<string, Endpoint>;

  constructor(
    private readonly dataPlane: DataPlane,
    maxRows: number,
  ) {
    const codec: PredictionCodec<PredictRequest> = {
      parse: ({ body }, served) => parsePredict(body, served, maxRows),
      render: (_, { format }, outputs) => ({
        status: 200,
        type: JSON_TYPE,
        body: renderPredict(outputs, format),
      }),
    };
    const path = "/v1/models/{model}";
    this.predict = {
      path: `${path}:predict`,
      protocol,
      POST: (call) => predict(codec, dataPlane.find(call.model, call.version), call),
    };
    this.status = { path, protocol, GET: this.getStatus };
    this.metadata = { path: `${path}/metadata`, protocol, GET: this.getMetadata };
    this.unserved = new Map(
      ["classify", "regress"].map((method) => [
        method,
        { path: `${path}:${method}`, protocol, POST: () => notServed(method) },
      ]),
    );
  }

  /** @param segments of the path, as they were sent: `v1`, `models`, … */
  match(segments: readonly string[]): Match {
    const [, models, name, kind, number, ...rest] = segments;
    if (models !== "models" || name === undefined || rest.length > 1) return { protocol };
    if (kind === undefined) return this.matchMethod(name, undefined, undefined);
    if (kind === "metadata" && number === undefined) return this.found(this.metadata, name);
    if (kind === "labels") return this.found(this.labels, name);
    if (kind !== "versions" || number === undefined) return { protocol };
    const [last] = rest;
    if (last === undefined) return this.matchMethod(number, name, number);
    return last === "metadata" ? this.found(this.metadata, name, number) : { protocol };
  }

  /** The last segment may end with `:method`. */
  private matchMethod(last: string, name: string | undefined, number: string | undefined): Match {
    const colon = last.indexOf(":");
    const own = colon === -1 ? last : last.slice(0, colon);
    const method = colon === -1 ? undefined : last.slice(colon + 1);
    const endpoint =
      method === undefined
        ? this.status
        : method === "predict"
          ? this.predict
          : this.unserved.get(method);
    if (name === undefined) return this.found(endpoint, own);
    return this.found(endpoint, name, number === undefined ? undefined : own);
  }

  private found(endpoint: Endpoint | undefined, name: string, number?: string): Match {
    const model = decode(name);
    if (model === undefined) return { protocol };
    if (number === undefined) return { protocol, endpoint, model };
    const version = decode(number);
    return version === undefined ? { protocol } : { protocol, endpoint, model, version };
  }

  private readonly labels: Endpoint = {
    path: "/v1/models/{model}/labels/{label}",
    protocol,
    GET: () => noLabels(),
    POST: () => noLabels(),
  };

  private readonly getStatus: Handler = ({ model, version }) => {
    const status = this.dataPlane.models().find(({ name }) => name === model);
    const versions = (status?.versions ?? []).filter(
      (own) => version === undefined || own.version === version,
    );
    // Says why there is none: no such model or version, or a folder that can't be read.
    if (versions.length === 0) this.dataPlane.find(model, version);
    return jsonReply({
      model_version_status: versions.map(versionStatus),
      // Not TensorFlow Serving's: what KServe's client for the same protocol looks for.
      ready: versions.some(({ state }) => state === "ready"),
    });
  };

  private readonly getMetadata: Handler = (call) => {
    const { metadata, version } = this.dataPlane.find(call.model, call.version);
    const signature = {
      inputs: tensorInfo(metadata.inputs),
      outputs: tensorInfo(metadata.outputs),
      method_name: "tensorflow/serving/predict",
    };
    return jsonReply({
      model_spec: { name: metadata.name, signature_name: "", version },
      metadata: { signature_def: { signature_def: { [SIGNATURE]: signature } } },
    });
  };
}

const STATES = { loading: "LOADING", ready: "AVAILABLE", failed: "END" } as const;

function versionStatus({ version, state, reason = "" }: ModelStatus["versions"][0]): unknown {
  return {
    version,
    state: STATES[state],
    status:
      state === "failed"
        ? { error_code: "INTERNAL", error_message: reason }
        : { error_code: "OK", error_message: "" },
  };
}

function tensorInfo(tensors: readonly TensorMetadata[]): Record<string, unknown> {
  return Object.fromEntries(
    tensors.map(({ name, datatype, shape }) => [
      name,
      {
        dtype: DATATYPES[datatype].tensorflow,
        tensor_shape: {
          dim: shape.map((size) => ({ size: String(size), name: "" })),
          unknown_rank: false,
        },
        name: `${name}:0`,
      },
    ]),
  );
}

function notServed(method: string): never {
  throw new RequestError(400, `"${method}" is not served: ask "predict"`);
}

function noLabels(): never {
  throw new RequestError(404, "versions have numbers, no labels: /versions/{number}");
}
