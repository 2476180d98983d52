/** Tensors as the server moves them between wire and model. */

/** Everything a datatype of the Open Inference Protocol is elsewhere. Half floats are not served. */
export const DATATYPES = {
  BOOL: { onnx: "bool", tensorflow: "DT_BOOL", bytes: 1, array: Uint8Array },
  UINT8: { onnx: "uint8", tensorflow: "DT_UINT8", bytes: 1, array: Uint8Array },
  UINT16: { onnx: "uint16", tensorflow: "DT_UINT16", bytes: 2, array: Uint16Array },
  UINT32: { onnx: "uint32", tensorflow: "DT_UINT32", bytes: 4, array: Uint32Array },
  UINT64: { onnx: "uint64", tensorflow: "DT_UINT64", bytes: 8, array: BigUint64Array },
  INT8: { onnx: "int8", tensorflow: "DT_INT8", bytes: 1, array: Int8Array },
  INT16: { onnx: "int16", tensorflow: "DT_INT16", bytes: 2, array: Int16Array },
  INT32: { onnx: "int32", tensorflow: "DT_INT32", bytes: 4, array: Int32Array },
  INT64: { onnx: "int64", tensorflow: "DT_INT64", bytes: 8, array: BigInt64Array },
  FP32: { onnx: "float32", tensorflow: "DT_FLOAT", bytes: 4, array: Float32Array },
  FP64: { onnx: "float64", tensorflow: "DT_DOUBLE", bytes: 8, array: Float64Array },
  /** Text: UTF-8 on the wire, strings in memory. */
  BYTES: { onnx: "string", tensorflow: "DT_STRING", bytes: undefined, array: Array<string> },
} as const;

export type Datatype = keyof typeof DATATYPES;
export const datatypes = Object.keys(DATATYPES) as [Datatype, ...Datatype[]];

export type NumericData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** Row-major; as many elements as the shape's product. BOOL is 0 or 1 in a Uint8Array. */
export type TensorData = NumericData | readonly string[];

export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** Every dimension known; the first is the number of rows. */
  readonly shape: readonly number[];
  readonly data: TensorData;
}
