import { mix } from "../random";
import type { World } from "../generate/case";
import type { Findings } from "../findings";
import type { Protocol } from "../generate/protocols";

/** What a driver needs to know to put its protocols' cases to the server. */
export interface Plan {
  readonly port: number;
  readonly grpcPort: number;
  readonly world: World;
  /** All cases of a campaign follow from it. */
  readonly seed: number;
  readonly counts: ReadonlyMap<Protocol, number>;
  readonly findings: Findings;
  /** The cases that have no answer yet, by name: one of them is it when the server dies. */
  readonly underWay: Set<string>;
  /** Aborted when the server is gone: nothing more can be found out. */
  readonly signal: AbortSignal;
}

/** The seed of a protocol's `index`th case. */
export function caseSeed({ seed }: Plan, protocol: Protocol, index: number): number {
  let hash = mix(seed);
  for (let i = 0; i < protocol.length; i++) hash = mix(hash ^ protocol.charCodeAt(i));
  return mix((hash + index) | 0);
}

/** Each protocol's cases in turn, each as often as its count says. */
export function* schedule(plan: Plan, protocols: readonly Protocol[]) {
  const left = protocols.map((protocol) => ({
    protocol,
    count: plan.counts.get(protocol) ?? 0,
    made: 0,
  }));
  for (;;) {
    // The one that is furthest behind its share.
    let next: (typeof left)[number] | undefined;
    for (const one of left)
      if (
        one.made < one.count &&
        (next === undefined || one.made / one.count < next.made / next.count)
      )
        next = one;
    if (next === undefined) return;
    yield { protocol: next.protocol, seed: caseSeed(plan, next.protocol, next.made++) };
  }
}
