/** Granian with a bare ASGI application, msgspec and ONNX Runtime: about the fastest that Python can be. No access log by default. */
import * as path from "node:path";
import { repositoryRoot } from "../../../local/paths";
import { jsonPost, ONE_THREAD, type Contender, type Prediction } from "./contender";

const folder = path.join(repositoryRoot(), "bench/peers/granian");

export const granian: Contender = {
  name: "granian",
  title: "Granian + ONNX Runtime",
  requirements: "requirements-granian.txt",
  variants: [
    { name: "single-threaded runtime", options: { mode: "st" } },
    { name: "multi-threaded runtime", options: { mode: "mt" } },
  ],
  command: ({ port, model, environment }, { options }) => ({
    argv: [
      path.join(environment, "bin/python"),
      ...["-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", String(port)],
      ...["--workers", "1", "--runtime-mode", options["mode"] ?? "st", "--loop", "uvloop"],
      ...["--http", "1", "--no-ws", "--log-level", "warning", "app:app"],
    ],
    env: {
      ...ONE_THREAD,
      MODEL: model.onnx,
      LABELS: JSON.stringify(model.labels),
      ORT_DISABLE_TELEMETRY: "1",
    },
    cwd: folder,
    readiness: "/readyz",
  }),
  post: (_model, instance) => jsonPost("/predict", { instances: [instance] }),
  predictions: (answer) => (answer as { predictions: Prediction[] }).predictions,
};
