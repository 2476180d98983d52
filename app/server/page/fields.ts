import type { InputMetadata, ModelMetadata } from "../model-metadata";
import { escape } from "./escape";

/** Numbers of one row that still get a field each. */
const MAX_NUMBERS = 32;

/** The form's fields for one row, filled with the first example. */
export function renderFields({ inputs, examples }: ModelMetadata): string {
  const [example] = examples;
  const single = inputs.length === 1;
  const fields = inputs.map((input) => {
    const instance = example?.instance;
    const value = single
      ? instance
      : (instance as Record<string, unknown> | undefined)?.[input.name];
    return renderInput(input, value, single);
  });
  return fields.join("\n");
}

function renderInput(input: InputMetadata, value: unknown, single: boolean): string {
  const { name, datatype, shape, features } = input;
  const [, width = 0] = shape;
  const isNumber = datatype !== "BYTES" && datatype !== "BOOL";
  if (shape.length === 1) return renderScalar(input, value);
  if (!isNumber || shape.length > 2 || width === -1 || width > MAX_NUMBERS)
    return renderTextArea(name, "json", JSON.stringify(value ?? null));
  const values = Array.isArray(value) ? (value as unknown[]) : [];
  const numbers = Array.from({ length: width }, (_, i) => {
    const title = features?.[i] ?? `${name} ${i + 1}`;
    return renderNumber(title, input, values[i], `data-index="${i}"`);
  });
  if (single) return numbers.join("\n");
  return `<fieldset><legend>${escape(name)}</legend>\n${numbers.join("\n")}\n</fieldset>`;
}

function renderScalar(input: InputMetadata, value: unknown): string {
  const { name, datatype } = input;
  if (datatype === "BYTES")
    return renderTextArea(name, "text", typeof value === "string" ? value : "");
  if (datatype !== "BOOL") return renderNumber(name, input, value);
  const checked = value === true ? " checked" : "";
  return `<label>${escape(name)}<input type="checkbox" ${of(name, "flag")}${checked}></label>`;
}

function renderNumber(
  title: string,
  { name, datatype }: InputMetadata,
  value: unknown,
  index = "",
): string {
  const step = datatype.startsWith("FP") ? "any" : "1";
  const attributes = `${of(name, "number", title)} ${index}`.trimEnd();
  return `<label>${escape(title)}<input type="number" step="${step}" required ${attributes} value="${typeof value === "number" ? value : 0}"></label>`;
}

function renderTextArea(name: string, kind: "text" | "json", value: string): string {
  // A newline right after the tag is not part of the text.
  return `<label class="wide">${escape(name)}<textarea ${of(name, kind)}>\n${escape(value)}</textarea></label>`;
}

function of(input: string, kind: string, name = input): string {
  return `name="${escape(name)}" data-input="${escape(input)}" data-kind="${kind}"`;
}
