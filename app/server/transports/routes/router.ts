import type { Endpoint, Match } from "./endpoint";
import type { OpenInferenceRoutes } from "./open-inference";
import { plain } from "./protocols";
import { segmentsOf } from "./segments";
import type { TensorflowRoutes } from "./tensorflow";

/** From a path to who answers it. */
export class Router {
  private readonly fixed: ReadonlyMap<string, Match>;

  /** @param endpoints with a path of their own, which is looked up first */
  constructor(
    endpoints: readonly Endpoint[],
    private readonly families?: {
      readonly v1: TensorflowRoutes;
      readonly v2: OpenInferenceRoutes;
    },
  ) {
    this.fixed = new Map(
      endpoints.map((endpoint) => [endpoint.path, { protocol: endpoint.protocol, endpoint }]),
    );
  }

  /** Where a client that got lost may look instead. */
  get paths(): readonly string[] {
    return [...this.fixed.keys()];
  }

  /** @param path as it was sent, without the query */
  match(path: string): Match {
    const match = this.fixed.get(path);
    if (match !== undefined) return match;
    if (path.startsWith("/v1/")) return this.families?.v1.match(segmentsOf(path)) ?? NOTHING;
    if (path.startsWith("/v2/")) return this.families?.v2.match(segmentsOf(path)) ?? NOTHING;
    return NOTHING;
  }
}

const NOTHING: Match = { protocol: plain };
