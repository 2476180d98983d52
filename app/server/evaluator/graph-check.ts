import type { TensorMetadata } from "../model-metadata";
import { DATATYPES, type Datatype } from "../tensor";
import type { Vectorizer } from "../text/vectorizer";
import type { OnnxSession, OnnxValue } from "./onnx-session";

/** An input as the graph has it: what the vectorizer makes of a text is one of numbers. */
export interface GraphInput {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly vectorizer?: Vectorizer;
}

/** What model.json promises and the graph doesn't hold, or needs beyond it. */
export function differences(
  inputs: readonly GraphInput[],
  outputs: readonly TensorMetadata[],
  session: Pick<OnnxSession, "inputs" | "outputs">,
): string[] {
  const promised = new Set(inputs.map(({ name }) => name));
  return [
    ...inputs.flatMap((input) => difference("input", input, session.inputs)),
    ...session.inputs
      .filter(({ name }) => !promised.has(name))
      .map(({ name }) => `the graph needs an input "${name}"`),
    ...outputs.flatMap((output) => difference("output", output, session.outputs)),
  ];
}

/** A dimension without a number fits any, and so does a graph that doesn't tell its shape: the warm-up will. */
function difference(
  kind: "input" | "output",
  { name, datatype, shape }: GraphInput,
  held: readonly OnnxValue[],
): string[] {
  const found = held.find((value) => value.name === name);
  if (found === undefined)
    return [`no ${kind} "${name}" (has ${held.map((value) => value.name).join(", ")})`];
  if (found.type === undefined) return [`${kind} "${name}" is no tensor`];
  const fits =
    found.type === DATATYPES[datatype].onnx &&
    (found.shape.length === 0 ||
      (found.shape.length === shape.length &&
        found.shape.every((size, i) => typeof size === "string" || size === shape[i])));
  if (fits) return [];
  const got = `${found.type} [${found.shape.map((size) => size || "?").join(",")}]`;
  // Requests of any number of rows are joined into one run, so the graph must take any.
  const fix =
    typeof found.shape[0] === "number" ? ": export it with a first dimension that is free" : "";
  return [`${kind} "${name}" is ${got}, not ${datatype} [${shape.join(",")}]${fix}`];
}
