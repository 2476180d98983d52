import assert from "node:assert/strict";

/** A protocol's way to ask a model with one input of two or four numbers, and how it says what is wrong. */
export interface Spoken {
  readonly path: (model: string, version?: string) => string;
  readonly request: (row: readonly number[], rows?: number) => unknown;
  /** Splits an error's body into its parts, and asserts that there is nothing else in it. */
  readonly parts: (body: Record<string, unknown>) => readonly [field: unknown, message: string];
  readonly rowsField: string;
}

function inOne(body: Record<string, unknown>): readonly [unknown, string] {
  assert.deepEqual(Object.keys(body), ["error"]);
  const [, field, message] = /^(?:([\w.[\]-]+): )?([^]*)$/.exec(String(body["error"]))!;
  return [field, message!];
}

export const protocols: Readonly<Record<string, Spoken>> = {
  plain: {
    path: (model, version) =>
      `/predict?model=${model}${version === undefined ? "" : `&version=${version}`}`,
    request: (row, rows = 1) => ({ instances: Array.from({ length: rows }, () => row) }),
    parts: ({ error, field, ...more }) => {
      assert.deepEqual(more, {});
      return [field, String(error)];
    },
    rowsField: "instances",
  },
  "TensorFlow Serving": {
    path: (model, version) =>
      `/v1/models/${model}${version === undefined ? "" : `/versions/${version}`}:predict`,
    request: (row, rows = 1) => ({ instances: Array.from({ length: rows }, () => row) }),
    parts: inOne,
    rowsField: "instances",
  },
  "Open Inference Protocol": {
    path: (model, version) =>
      `/v2/models/${model}${version === undefined ? "" : `/versions/${version}`}/infer`,
    request: (row, rows = 1) => ({
      inputs: [
        {
          name: row.length === 4 ? "features" : "x",
          datatype: "FP32",
          shape: [rows, row.length],
          data: Array.from({ length: rows }, () => row).flat(),
        },
      ],
    }),
    parts: inOne,
    rowsField: "inputs[0].shape[0]",
  },
};
