import type { DataPlane } from "../../data-plane";
import { documentEndpoints, type DocumentOptions } from "./documents";
import { OpenInferenceRoutes } from "./open-inference";
import { plainEndpoints } from "./plain";
import { Router } from "./router";
import { TensorflowRoutes } from "./tensorflow";

/** Every endpoint: each reads the request, asks the data plane and writes the answer, nothing more. */
export function createRoutes(
  dataPlane: DataPlane,
  options: DocumentOptions,
  isDraining: () => boolean,
): Router {
  const { maxRows } = options;
  const v1 = new TensorflowRoutes(dataPlane, maxRows);
  const v2 = new OpenInferenceRoutes(dataPlane, maxRows, isDraining);
  const fixed = [
    ...plainEndpoints(dataPlane, maxRows, isDraining),
    ...documentEndpoints(dataPlane, options),
    ...v2.fixed,
  ];
  return new Router(fixed, { v1, v2 });
}
