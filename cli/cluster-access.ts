import { setTimeout as pause } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { UserError, type UserErrorDetails } from "../local/errors";
import type { Session } from "./session";

/** The stack's cluster as its outputs name it. @throws UserError if the stack is not up */
export async function openCluster(session: Session): Promise<KubeConfig> {
  const { kubeconfig } = await session.engine.outputs(true);
  if (typeof kubeconfig !== "string")
    throw new UserError(`stack ${session.stack} is not up`, {
      why: "its outputs name no cluster",
      fix: `npm run up -- --stack ${session.stack}`,
    });
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const { context } = (session.settings.config[`modelport:${session.settings.target}`] ?? {}) as {
    context?: unknown;
  };
  if (typeof context === "string") config.setCurrentContext(context);
  return config;
}

/** A cluster took too long. */
export class NoAnswer extends Error {}

/** @throws NoAnswer after that time, in ms; what was asked is let go */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  const ending = new AbortController();
  const end = pause(ms, undefined, { signal: ending.signal }).then(() => {
    throw new NoAnswer(`no answer in ${ms / 1000} s`);
  });
  try {
    return await Promise.race([answer, end]);
  } finally {
    end.catch(() => undefined);
    ending.abort();
  }
}

/** The cluster can't be asked: it refuses the login, or says nothing. */
export class OutOfReach extends UserError {
  constructor(
    readonly reason: "login" | "silence",
    what: string,
    details: UserErrorDetails,
  ) {
    super(what, details);
  }
}

/** What a command that can't reach the cluster says. */
export function unreachable(error: unknown): OutOfReach {
  if (error instanceof Error && "code" in error && error.code === 401)
    return new OutOfReach("login", "the cluster refuses the login", {
      why: "the token in the stack's kubeconfig has expired",
      fix: "npm run up renews it; a kubeconfig that lasts: modelport:gke.kubeconfig exec, modelport:iks.kubeconfig admin",
    });
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new OutOfReach("silence", "the cluster doesn't answer", {
    why: cause instanceof Error ? (cause.message.split("\n", 1)[0] ?? "") : String(cause),
    fix: "npm run cli -- doctor   # or, for the embedded one: npm run cli -- cluster start",
  });
}
