import { version } from "../../package.json";

/** Who answers: what the Open Inference Protocol's server metadata, the OpenAPI document and traces tell. */
export const identity = { name: "modelport", version } as const;

/** What runs the models, by the name that the protocol's clients know. */
export const platform = "onnxruntime_onnx";
