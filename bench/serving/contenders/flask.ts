/** Flask behind gunicorn, as the recipes that this project replaces serve their pickles. Access logs are off by default. */
import * as path from "node:path";
import { repositoryRoot } from "../../../local/paths";
import { jsonPost, ONE_THREAD, type Contender, type Prediction } from "./contender";

const folder = path.join(repositoryRoot(), "bench/peers/flask");

export const flask: Contender = {
  name: "flask-gunicorn",
  title: "Flask + gunicorn",
  requirements: "requirements-flask.txt",
  variants: [
    // gunicorn's default, and the number of workers its documentation gives for one core (2 × cores + 1).
    { name: "sync, 1 worker", options: { workers: "1", class: "sync", threads: "1" } },
    { name: "sync, 3 workers", options: { workers: "3", class: "sync", threads: "1" } },
    { name: "gthread, 1 × 4 threads", options: { workers: "1", class: "gthread", threads: "4" } },
    { name: "gthread, 3 × 4 threads", options: { workers: "3", class: "gthread", threads: "4" } },
  ],
  command: ({ port, model, environment }, { options }) => ({
    argv: [
      path.join(environment, "bin/python"),
      ...["-m", "gunicorn", "--bind", `127.0.0.1:${port}`, "--log-level", "warning"],
      ...["--worker-class", options["class"] ?? "sync", "--workers", options["workers"] ?? "1"],
      ...["--threads", options["threads"] ?? "1", "--keep-alive", "75", "app:app"],
    ],
    env: { ...ONE_THREAD, MODEL: model.pickle, LABELS: JSON.stringify(model.labels) },
    cwd: folder,
    readiness: "/readyz",
  }),
  post: (_model, instance) => jsonPost("/predict", { instances: [instance] }),
  predictions: (answer) => (answer as { predictions: Prediction[] }).predictions,
};
