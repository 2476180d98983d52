import { RequestError } from "../errors";
import { kindOf, quote } from "./faults";
import { isObject } from "./json-body";

/** An output that is wanted: its position among the model's, and whether it goes out as binary data. */
export interface WantedOutput {
  readonly index: number;
  readonly binary: boolean;
}

/**
 * The outputs a request wants, in its order; all of them when it names none.
 * @param binary of an output that doesn't say
 * @throws RequestError 400 when one is unknown, there twice, or wanted in a way that is not served.
 */
export function readOutputs(
  value: unknown,
  outputs: readonly { readonly name: string }[],
  binary: boolean,
): WantedOutput[] {
  if (value === undefined || (Array.isArray(value) && value.length === 0))
    return outputs.map((_, index) => ({ index, binary }));
  if (!Array.isArray(value))
    throw new RequestError(400, `an array is needed, got ${kindOf(value)}`, "outputs");
  const seen = new Set<number>();
  return value.map((wanted: unknown, i) => {
    const field = `outputs[${i}]`;
    if (!isObject(wanted) || typeof wanted["name"] !== "string")
      throw new RequestError(400, "an object with a name is needed", field);
    const { name } = wanted;
    const index = outputs.findIndex((output) => output.name === name);
    if (index === -1)
      throw new RequestError(
        400,
        `no output ${quote(name)}; the model has ${outputs.map((output) => `"${output.name}"`).join(", ")}`,
        `${field}.name`,
      );
    if (seen.has(index))
      throw new RequestError(400, `output "${name}" is wanted twice`, `${field}.name`);
    seen.add(index);
    return { index, binary: wantsBinary(wanted, field, binary) };
  });
}

function wantsBinary(
  wanted: Readonly<Record<string, unknown>>,
  field: string,
  otherwise: boolean,
): boolean {
  const parameters = parametersOf(wanted, `${field}.`);
  for (const name of ["classification", "shared_memory_region"])
    if (parameters[name] !== undefined && parameters[name] !== 0)
      throw new RequestError(
        400,
        "this extension is not served: take the output's data",
        `${field}.parameters.${name}`,
      );
  const { binary_data: binary } = parameters;
  return typeof binary === "boolean" ? binary : otherwise;
}

/** @throws RequestError 400 when there are some that are no object. */
export function parametersOf(
  { parameters }: Readonly<Record<string, unknown>>,
  prefix: string,
): Readonly<Record<string, unknown>> {
  if (parameters === undefined || parameters === null) return {};
  if (isObject(parameters)) return parameters;
  throw new RequestError(
    400,
    `an object is needed, got ${kindOf(parameters)}`,
    `${prefix}parameters`,
  );
}
