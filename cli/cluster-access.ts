import type { KubeConfig } from "@kubernetes/client-node";
import { UserError } from "../local/errors";
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

/** What a command that can't reach the cluster says. */
export function unreachable(error: unknown): UserError {
  if (error instanceof Error && "code" in error && error.code === 401)
    return new UserError("the cluster refuses the login", {
      why: "the token in the stack's kubeconfig has expired",
      fix: "npm run up renews it; a kubeconfig that lasts: modelport:gke.kubeconfig exec, modelport:iks.kubeconfig admin",
    });
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new UserError("the cluster doesn't answer", {
    why: cause instanceof Error ? (cause.message.split("\n", 1)[0] ?? "") : String(cause),
    fix: "npm run cli -- doctor   # or, for the embedded one: npm run cli -- cluster start",
  });
}
