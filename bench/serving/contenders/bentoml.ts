/** BentoML: one worker, access log and metrics off. */
import * as path from "node:path";
import { repositoryRoot } from "../../../local/paths";
import { jsonPost, ONE_THREAD, type Contender, type Prediction } from "./contender";

const source = path.join(repositoryRoot(), "bench/peers/bentoml");

export const bentoml: Contender = {
  name: "bentoml",
  title: "BentoML",
  requirements: "requirements-bentoml.txt",
  variants: ["sync", "async", "batched"].map((style) => ({ name: style, options: { style } })),
  command: ({ port, model, folder, environment }, { options }) => ({
    argv: [
      path.join(environment, "bin/python"),
      ...["-m", "bentoml", "serve", "service:Predictor", "--working-dir", source],
      ...["--host", "127.0.0.1", "--port", String(port)],
    ],
    env: {
      ...ONE_THREAD,
      MODEL: model.pickle,
      LABELS: JSON.stringify(model.labels),
      STYLE: options["style"] ?? "sync",
      BENTOML_HOME: folder,
      BENTOML_DO_NOT_TRACK: "True",
    },
    cwd: source,
    readiness: "/readyz",
  }),
  post: (_model, instance) => jsonPost("/predict", { instances: [instance] }),
  predictions: (answer) => answer as Prediction[],
};
