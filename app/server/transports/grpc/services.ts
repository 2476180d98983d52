import type { ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { DataPlane, ServedVersion } from "../../data-plane";
import { RequestError } from "../../errors";
import { identity, platform } from "../../identity";
import type { FailureReason } from "../../observability/metrics";
import type { RequestSpan } from "../../observability/tracer";
import * as messages from "./messages";
import { inferResponse, requestedOutputs, requestTensors } from "./tensors";
import { isRequestError } from "./status";
import { unary, type Unary, type UnaryOptions } from "./unary";

export interface ServiceOptions extends UnaryOptions {
  readonly dataPlane: Pick<DataPlane, "find" | "models" | "status">;
  readonly maxRows: number;
  readonly isDraining: () => boolean;
}

const INFERENCE = "inference.GRPCInferenceService";
const HEALTH = "grpc.health.v1.Health";

/** The services: each method reads its request, asks the data plane and writes the answer, nothing more. */
export function createServices(
  options: ServiceOptions,
): { definition: ServiceDefinition; implementation: UntypedServiceImplementation }[] {
  const { dataPlane, isDraining } = options;
  const isReady = (): boolean => !isDraining() && dataPlane.status().ready;

  const inference = {
    ServerLive: method({
      request: messages.empty,
      response: messages.serverLiveResponse,
      open: true,
      answer: () => ({ live: true }),
    }),
    ServerReady: method({
      request: messages.empty,
      response: messages.readyResponse,
      open: true,
      answer: () => ({ ready: isReady() }),
    }),
    ServerMetadata: method({
      request: messages.empty,
      response: messages.serverMetadataResponse,
      open: true,
      answer: () => ({ ...identity, extensions: [] }),
    }),
    ModelReady: method({
      request: messages.modelRequest,
      response: messages.readyResponse,
      answer: ({ name, version }) => ({ ready: canBeAsked(dataPlane, name, version) }),
    }),
    ModelMetadata: method({
      request: messages.modelRequest,
      response: messages.modelMetadataResponse,
      answer: ({ name, version }) => {
        const { metadata } = find(dataPlane, name, version);
        const model = dataPlane.models().find((candidate) => candidate.name === metadata.name);
        const versions = model?.versions ?? [];
        return {
          name: metadata.name,
          versions: versions.flatMap((own) => (own.state === "ready" ? own.version : [])),
          platform,
          inputs: metadata.inputs,
          outputs: metadata.outputs,
        };
      },
    }),
    ModelInfer: method({
      request: messages.modelInferRequest,
      response: messages.modelInferResponse,
      answer: (request, span) => infer(options, request, span),
    }),
  };

  const health = {
    Check: method({
      request: messages.healthCheckRequest,
      response: messages.healthCheckResponse,
      open: true,
      answer: ({ service }) => {
        if (service !== "" && service !== INFERENCE)
          throw new RequestError(404, `"" or "${INFERENCE}" is needed`, "service");
        return { status: isReady() ? 1 : 2 };
      },
    }),
  };

  return [[INFERENCE, inference] as const, [HEALTH, health] as const].map(([service, methods]) => ({
    definition: messages.serviceDefinition(service),
    implementation: Object.fromEntries(
      Object.entries(methods).map(([name, own]) => [name, own(`${service}/${name}`, options)]),
    ),
  }));
}

/** Keeps the messages' types together, which a table of methods doesn't show. */
function method<Q extends object, A extends object>(own: Unary<Q, A>) {
  return (path: string, options: UnaryOptions) => unary(path, own, options);
}

/** Found, checked and asked in one turn of the event loop: a version can't be retired in between. */
function infer(
  { dataPlane, maxRows }: ServiceOptions,
  request: messages.ModelInferRequest,
  span: RequestSpan | undefined,
): Promise<messages.ModelInferResponse> {
  const began = performance.now();
  const served = find(dataPlane, request.model_name, request.model_version);
  try {
    const tensors = requestTensors(request, served.metadata, maxRows);
    const wanted = requestedOutputs(request, served);
    span?.runs(served.metadata.name, served.version, tensors[0]?.shape[0] ?? 0);
    return served.infer(tensors).then(
      (all) => {
        span?.ran();
        const outputs = wanted.flatMap((index) => all[index] ?? []);
        const response = inferResponse(request, served, outputs);
        served.metrics.answered((performance.now() - began) / 1000);
        return response;
      },
      (error: unknown) => {
        span?.ran();
        throw failed(served, error);
      },
    );
  } catch (error) {
    throw failed(served, error);
  }
}

function failed(served: ServedVersion, error: unknown): unknown {
  served.metrics.failed(reasonOf(error));
  return error;
}

function reasonOf(error: unknown): FailureReason {
  if (!isRequestError(error) || error.status === 500) return "internal";
  return error.status === 503 || error.status === 429 ? "overloaded" : "invalid";
}

/** An empty name or version is one that was not given. */
function find(dataPlane: Pick<DataPlane, "find">, name: string, version: string): ServedVersion {
  return dataPlane.find(name === "" ? undefined : name, version === "" ? undefined : version);
}

/** @throws RequestError 404 when there is no such model or version. */
function canBeAsked(dataPlane: Pick<DataPlane, "find">, name: string, version: string): boolean {
  try {
    find(dataPlane, name, version);
    return true;
  } catch (error) {
    if (isRequestError(error) && error.status === 503) return false;
    throw error;
  }
}
