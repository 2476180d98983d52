import type { Contender, Golden, Prediction, PreparedModel } from "./contenders";
import { ask, requestBytes } from "./http-request";
import type { Exchange } from "./load";

/**
 * The requests of a load with the answers that must come back: every golden request is asked once, and its answer must be
 * what scikit-learn said.
 * @throws Error naming the request that was answered wrongly
 */
export async function learnExchanges(
  contender: Contender,
  model: PreparedModel,
  port: number,
): Promise<Exchange[]> {
  const exchanges: Exchange[] = [];
  for (const golden of model.golden) {
    const post = contender.post(model, golden.instance);
    const answer = await ask(port, post);
    const predictions = contender.predictions(JSON.parse(answer.toString()));
    if (predictions !== undefined) {
      const fault = difference(golden, predictions, model.tolerance);
      if (fault !== undefined)
        throw new Error(`${contender.title} answers ${post.body.toString()} wrongly: ${fault}`);
    }
    exchanges.push({ send: requestBytes(post), answer });
  }
  return exchanges;
}

/** Why an answer isn't the golden one; undefined when it is. Labels are compared where there are any. */
export function difference(
  { prediction }: Golden,
  predictions: readonly Prediction[],
  tolerance: number,
): string | undefined {
  const [got] = predictions;
  if (got === undefined || predictions.length !== 1)
    return `${predictions.length} predictions instead of 1`;
  if (got.label !== undefined && got.label !== prediction.label)
    return `"${got.label}" instead of "${prediction.label ?? ""}"`;
  const fits =
    got.probabilities.length === prediction.probabilities.length &&
    got.probabilities.every(
      (value, i) => Math.abs(value - (prediction.probabilities[i] ?? NaN)) <= tolerance,
    );
  return fits
    ? undefined
    : `${got.probabilities.join(", ")} instead of ${prediction.probabilities.join(", ")}`;
}
