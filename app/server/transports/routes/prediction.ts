import type { ServedVersion } from "../../data-plane";
import { RequestError } from "../../errors";
import type { FailureReason } from "../../observability/metrics";
import type { Tensor } from "../../tensor";
import type { Call, Reply } from "./endpoint";

/** How a protocol reads a prediction request and writes the answer. */
export interface PredictionCodec<Parsed extends { readonly tensors: readonly Tensor[] }> {
  /** @throws RequestError when the request is wrong. */
  parse(call: Call, served: ServedVersion): Parsed;
  render(served: ServedVersion, parsed: Parsed, outputs: readonly Tensor[]): Reply;
}

/**
 * From a complete request to its answer, counted. What comes before the model is asked runs in one turn: `served` can't be
 * retired meanwhile.
 */
export function predict<Parsed extends { readonly tensors: readonly Tensor[] }>(
  codec: PredictionCodec<Parsed>,
  served: ServedVersion,
  call: Call,
): Promise<Reply> {
  const began = performance.now();
  let parsed: Parsed;
  let outputs: Promise<readonly Tensor[]>;
  try {
    parsed = codec.parse(call, served);
    const { metadata, version } = served;
    call.span?.runs(metadata.name, version, parsed.tensors[0]?.shape[0] ?? 0);
    outputs = served.infer(parsed.tensors);
  } catch (error) {
    served.metrics.failed(failureReason(error));
    throw error;
  }
  return outputs.then(
    (answered) => {
      call.span?.ran();
      try {
        const reply = codec.render(served, parsed, answered);
        served.metrics.answered((performance.now() - began) / 1000);
        return reply;
      } catch (error) {
        served.metrics.failed(failureReason(error));
        throw error;
      }
    },
    (error: unknown) => {
      call.span?.ran();
      served.metrics.failed(failureReason(error));
      throw error;
    },
  );
}

function failureReason(error: unknown): FailureReason {
  if (!(error instanceof RequestError)) return "internal";
  if (error.status === 429 || error.status === 503) return "overloaded";
  return error.status < 500 ? "invalid" : "internal";
}
