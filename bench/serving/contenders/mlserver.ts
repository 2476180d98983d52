/** MLServer with its scikit-learn runtime, Open Inference Protocol v2 over HTTP. No worker processes: they cost more than they give on one core. */
import * as fs from "node:fs";
import * as path from "node:path";
import { jsonPost, ONE_THREAD, type Contender } from "./contender";

interface InferResponse {
  readonly outputs: readonly { readonly shape: readonly number[]; readonly data: number[] }[];
}

export const mlserver: Contender = {
  name: "mlserver",
  title: "MLServer",
  requirements: "requirements-mlserver.txt",
  variants: [
    { name: "no batching", options: {} },
    { name: "adaptive batching, 32 in 1 ms", options: { size: "32", seconds: "0.001" } },
    { name: "adaptive batching, 32 in 10 ms", options: { size: "32", seconds: "0.01" } },
  ],
  command: ({ port, otherPorts, model, folder, environment }, { options }) => {
    fs.mkdirSync(folder, { recursive: true });
    const write = (file: string, settings: unknown): void =>
      fs.writeFileSync(path.join(folder, file), JSON.stringify(settings));
    write("settings.json", {
      debug: false,
      host: "127.0.0.1",
      http_port: port,
      grpc_port: otherPorts[0],
      metrics_port: otherPorts[1],
      metrics_dir: folder,
      parallel_workers: 0,
      gzip_enabled: false,
      logging_settings: "logging.json",
    });
    write("logging.json", { version: 1, disable_existing_loggers: true });
    write("model-settings.json", {
      name: model.name,
      implementation: "mlserver_sklearn.SKLearnModel",
      parameters: { uri: model.pickle, version: model.version },
      ...(options["size"] === undefined
        ? {}
        : { max_batch_size: Number(options["size"]), max_batch_time: Number(options["seconds"]) }),
    });
    return {
      argv: [path.join(environment, "bin/python"), "-m", "mlserver.cli.main", "start", folder],
      env: ONE_THREAD,
      cwd: folder,
      readiness: `/v2/models/${model.name}/ready`,
    };
  },
  post: ({ name }, instance) =>
    jsonPost(`/v2/models/${name}/infer`, {
      // Given, as the answer would otherwise have a new one each time.
      id: "1",
      inputs: [
        {
          name: "features",
          datatype: "FP32",
          shape: [1, (instance as number[]).length],
          data: instance,
        },
      ],
      outputs: [{ name: "predict_proba" }],
    }),
  predictions: (answer) =>
    (answer as InferResponse).outputs.map(({ data }) => ({ probabilities: data })),
};
