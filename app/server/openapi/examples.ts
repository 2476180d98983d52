import type { ModelMetadata } from "../model-metadata";
import type { Json } from "./schemas";

/** model.json's examples as requests of each protocol. */
export function plainExamples({ examples }: ModelMetadata): Json {
  return byNumber(examples.map(({ title, instance }) => [title, { instances: [instance] }]));
}

export function predictExamples({ examples, inputs }: ModelMetadata): Json {
  const [first] = examples;
  const columns =
    inputs.length === 1
      ? [first?.instance]
      : Object.fromEntries(
          inputs.map(({ name }) => [name, [(first?.instance as Record<string, unknown>)[name]]]),
        );
  return byNumber([
    ...examples.map(({ title, instance }) => [title, { instances: [instance] }] as const),
    [`${first?.title ?? ""}, as columns`, { inputs: columns }],
  ]);
}

export function inferExamples({ inputs, examples }: ModelMetadata): Json {
  return byNumber(
    examples.map(({ title, instance }) => [
      title,
      {
        inputs: inputs.map(({ name, datatype }) => {
          const value =
            inputs.length === 1 ? instance : (instance as Record<string, unknown>)[name];
          return { name, datatype, shape: [1, ...shapeOf(value)], data: [value].flat(Infinity) };
        }),
      },
    ]),
  );
}

/** Of nested arrays. */
function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : [];
}

function byNumber(requests: readonly (readonly [summary: string, value: unknown])[]): Json {
  return Object.fromEntries(
    requests.map(([summary, value], i) => [`example${i + 1}`, { summary, value }]),
  );
}
