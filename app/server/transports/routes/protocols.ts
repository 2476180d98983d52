import { errorBody } from "../../errors";
import type { RequestError } from "../../errors";
import type { Protocol } from "./endpoint";

/** The server's own endpoints: `{"error": message, "field": where}`. */
export const plain: Protocol = { name: "plain", errorBody };

/** TensorFlow Serving and the Open Inference Protocol know one member; what is wrong where goes into it. */
function inOne({ message, field }: RequestError): string {
  return JSON.stringify({ error: field === undefined ? message : `${field}: ${message}` });
}

export const tensorflow: Protocol = { name: "tensorflow", errorBody: inOne };

export const openInference: Protocol = { name: "open-inference", errorBody: inOne };
