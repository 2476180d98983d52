/** Waits until an object is ready or gone, telling the engine what it waits for. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineLog } from "../../rpc/engine";
import { isNotFound, type KubeClient } from "../client";
import type { Discovery } from "../discovery";
import {
  apiVersionOf,
  getList,
  kindOf,
  nameOf,
  namespaceOf,
  qualifiedName,
  type KubeObject,
} from "../object";
import type { Awaiter, Verdict, View } from "./awaiter";
import { lastWords } from "./pod";
import { Stream } from "./stream";

export interface WaitContext {
  client: KubeClient;
  discovery: Discovery;
  engine: EngineLog;
  urn: string;
  signal: AbortSignal;
}

/** The object is there, but not as it should be. */
export class NotReadyError extends Error {
  constructor(
    message: string,
    readonly object: KubeObject,
    readonly reasons: string[],
  ) {
    super(message);
  }
}

/** @returns the live object. @throws NotReadyError on failure, deadline or cancellation */
export async function waitUntilReady(
  context: WaitContext,
  awaiter: Awaiter,
  object: KubeObject,
  timeoutSeconds: number,
): Promise<KubeObject> {
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, context.signal]);
  const observation = await observe(context, awaiter, object);
  let verdict: Verdict = { ready: false, reasons: [] };
  const decision = new Promise<"ready" | "failed" | "deadline" | "cancelled">((resolve, reject) => {
    const tell = teller(context);
    const judge = (): void => {
      if (!observation.complete()) return;
      try {
        verdict = awaiter.evaluate(observation.view());
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      tell(verdict.status);
      if (verdict.ready) resolve("ready");
      else if (verdict.failed === true) resolve("failed");
    };
    const deadline = setTimeout(() => resolve("deadline"), timeoutSeconds * 1000);
    const everySecond = setInterval(judge, 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(deadline);
      clearInterval(everySecond);
      resolve("cancelled");
    });
    if (signal.aborted) resolve("cancelled");
    observation.start(judge, signal);
  });
  const outcome = await decision.finally(() => {
    ended.abort();
    context.engine.status("", context.urn);
  });
  const view = observation.view();
  if (outcome === "ready") return view.object;
  if (!observation.complete()) verdict.reasons.push("the API server told nothing of it meanwhile");
  const name = qualifiedName(object);
  const message = {
    failed: `${name} failed`,
    deadline: `${name} did not become ready within ${String(timeoutSeconds)} s`,
    cancelled: `waiting for ${name} was cancelled`,
  }[outcome];
  const words = await lastWords(context.client, awaiter.pods?.(view) ?? []);
  throw new NotReadyError(message, view.object, [...verdict.reasons, ...words]);
}

/** Readiness at one glance, when an existing resource is read. @throws NotReadyError */
export async function requireReadyNow(
  context: WaitContext,
  awaiter: Awaiter,
  object: KubeObject,
): Promise<void> {
  const observation = await observe(context, awaiter, object);
  await observation.list();
  const view = { ...observation.view(), settled: () => true };
  const verdict = awaiter.evaluate(view);
  if (verdict.ready) return;
  throw new NotReadyError(`${qualifiedName(object)} is not ready`, object, verdict.reasons);
}

interface Observation {
  view(): View;
  /** Everything was seen at least once. */
  complete(): boolean;
  start(onChange: () => void, signal: AbortSignal): void;
  list(): Promise<void>;
}

async function observe(
  { client, discovery }: WaitContext,
  awaiter: Awaiter,
  object: KubeObject,
): Promise<Observation> {
  let changed = (): void => undefined;
  const onChange = (): void => changed();
  const open = async (apiVersion: string, kind: string, query: Record<string, string>) =>
    new Stream(
      client,
      await discovery.collectionOf(apiVersion, kind, namespaceOf(object)),
      query,
      { apiVersion, kind },
      onChange,
    );
  const own = await open(apiVersionOf(object), kindOf(object), {
    fieldSelector: `metadata.name=${nameOf(object)}`,
  });
  const related = new Map<string, Stream>();
  for (const { apiVersion, kind, query } of awaiter.related ?? [])
    related.set(kind, await open(apiVersion, kind, query?.(object) ?? {}));
  const streams = [own, ...related.values()];
  const began = Date.now();
  return {
    view: () => ({
      object: own.objects[0] ?? object,
      related: (kind) => related.get(kind)?.objects ?? [],
      settled: (kind) => related.get(kind)?.settled ?? true,
      seconds: (Date.now() - began) / 1000,
    }),
    complete: () => streams.every((stream) => stream.listed) && own.objects.length > 0,
    start: (callback, signal) => {
      changed = callback;
      for (const stream of streams) void stream.follow(signal);
    },
    list: async () => {
      await Promise.all(streams.map((stream) => stream.list()));
    },
  };
}

/** Tells the engine what is new, and only that. */
function teller({ engine, urn }: WaitContext): (status: string | undefined) => void {
  let told: string | undefined;
  return (status) => {
    if (status === undefined || status === told) return;
    told = status;
    engine.status(status, urn);
  };
}

const deletionPollMs = 250;

/** Until the API server answers 404. @throws NotReadyError naming the finalisers in the way */
export async function waitUntilDeleted(
  context: WaitContext,
  path: string,
  object: KubeObject,
  timeoutSeconds: number,
): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  const tell = teller(context);
  let live = object;
  for (;;) {
    try {
      live = { ...object, ...(await context.client.get(path)) };
    } catch (error) {
      if (isNotFound(error)) break;
      throw error;
    }
    const finalizers = getList(live, "metadata", "finalizers").map(String);
    const blocked = finalizers.length === 0 ? "" : ` (finalizers: ${finalizers.join(", ")})`;
    if (context.signal.aborted || Date.now() >= deadline)
      throw new NotReadyError(
        context.signal.aborted
          ? `waiting for the deletion of ${qualifiedName(object)} was cancelled`
          : `${qualifiedName(object)} was not gone within ${String(timeoutSeconds)} s`,
        live,
        [`it still exists${blocked}`],
      );
    tell(`Waiting for deletion${blocked}`);
    await sleep(deletionPollMs, undefined, { signal: context.signal }).catch(() => undefined);
  }
  context.engine.status("", context.urn);
}
