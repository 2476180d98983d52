/** LitServe: one API server, one worker, its queue by ZeroMQ ("fast queue"), access log off. */
import * as path from "node:path";
import { repositoryRoot } from "../../../local/paths";
import { jsonPost, ONE_THREAD, type Contender, type Prediction } from "./contender";

const folder = path.join(repositoryRoot(), "bench/peers/litserve");

export const litserve: Contender = {
  name: "litserve",
  title: "LitServe",
  requirements: "requirements-litserve.txt",
  variants: [
    { name: "no batching", options: { batch: "1" } },
    { name: "batches of up to 32", options: { batch: "32" } },
  ],
  command: ({ port, model, environment }, { options }) => ({
    argv: [path.join(environment, "bin/python"), "server.py"],
    env: {
      ...ONE_THREAD,
      MODEL: model.pickle,
      LABELS: JSON.stringify(model.labels),
      PORT: String(port),
      BATCH: options["batch"] ?? "1",
    },
    cwd: folder,
    readiness: "/health",
  }),
  post: (_model, instance) => jsonPost("/predict", { instances: [instance] }),
  predictions: (answer) => (answer as { predictions: Prediction[] }).predictions,
};
