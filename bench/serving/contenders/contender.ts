import type { Post } from "../http-request";
import type { ServerCommand } from "../server-process";

/** A model as the contenders get it: the same one, in the forms that they load. */
export interface PreparedModel {
  readonly name: string;
  readonly version: string;
  readonly labels: readonly string[];
  /** The folder of models that our server is given: this one alone. */
  readonly modelsDir: string;
  /** The scikit-learn model by joblib. */
  readonly pickle: string;
  readonly onnx: string;
  readonly tolerance: number;
  readonly golden: readonly Golden[];
}

/** A request and what scikit-learn itself answered. */
export interface Golden {
  readonly instance: unknown;
  readonly prediction: Prediction;
}

export interface Prediction {
  /** Absent: the protocol has numbers only. */
  readonly label?: string;
  readonly probabilities: readonly number[];
}

/** What a contender is started with. */
export interface Start {
  readonly port: number;
  /** For the doors that it opens besides. */
  readonly otherPorts: readonly [number, number];
  readonly model: PreparedModel;
  /** Its own settings files may go here. */
  readonly folder: string;
  /** Of the environment made from its requirements file; "" when it has none. */
  readonly environment: string;
  /** The answer that the constant one has. */
  readonly answer: string;
}

/** A documented way to set a contender up; the fastest one competes. */
export interface Variant {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
}

/** A server to measure. */
export interface Contender {
  /** Its key in the JSON, its folder in bench/peers and its word for --only. */
  readonly name: string;
  readonly title: string;
  /** File in bench/ that pins what it needs. */
  readonly requirements?: string;
  readonly variants: readonly Variant[];
  command(start: Start, variant: Variant): Omit<ServerCommand, "port">;
  post(model: PreparedModel, instance: unknown): Post;
  /** The predictions in its answer; undefined when it makes none. */
  predictions(answer: unknown): readonly Prediction[] | undefined;
}

export const DEFAULT_ONLY: readonly Variant[] = [{ name: "default", options: {} }];

/** Numerical libraries see one core; nobody's pool of threads gets in the way. */
export const ONE_THREAD = {
  OMP_NUM_THREADS: "1",
  OPENBLAS_NUM_THREADS: "1",
  MKL_NUM_THREADS: "1",
  PYTHONDONTWRITEBYTECODE: "1",
} as const;

export function jsonPost(
  path: string,
  content: unknown,
  headers: Readonly<Record<string, string>> = {},
): Post {
  return {
    path,
    headers: { "Content-Type": "application/json", ...headers },
    body: Buffer.from(JSON.stringify(content)),
  };
}
