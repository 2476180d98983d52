/** What it means for a kind to be ready: a pure function of the object and those around it. */
import type { KubeObject } from "../object";

/** A collection in the object's namespace (or of the whole cluster) that readiness depends on. */
export interface Related {
  apiVersion: string;
  kind: string;
  /** Narrows the collection, as `labelSelector` or `fieldSelector`. */
  query?: (object: KubeObject) => Record<string, string>;
}

export interface View {
  object: KubeObject;
  related: (kind: string) => KubeObject[];
  /** Ten seconds have passed since something of the kind changed; stragglers had their time. */
  settled: (kind: string) => boolean;
  /** Since the wait began. */
  seconds: number;
}

export interface Verdict {
  ready: boolean;
  /** Will never become ready: waiting on is of no use. */
  failed?: boolean;
  /** One line, shown while waiting. */
  status?: string;
  /** Why it is not ready, for the error. */
  reasons: string[];
}

export interface Awaiter {
  related?: Related[];
  evaluate(view: View): Verdict;
  /** Pods whose containers' last words explain a failure. */
  pods?: (view: View) => KubeObject[];
  /** Readiness is also judged, at one glance, when the resource is read. */
  judgesReads: boolean;
}

export const ready: Verdict = { ready: true, reasons: [] };

export function waiting(status: string, reasons: string[] = [status]): Verdict {
  return { ready: false, status, reasons };
}
