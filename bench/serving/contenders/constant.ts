/** What is possible: Node's own HTTP server with the same flags, which reads the same requests and answers a constant. */
import * as path from "node:path";
import { repositoryRoot } from "../../../local/paths";
import { DEFAULT_ONLY, jsonPost, type Contender } from "./contender";
import { AUTHORIZATION, NODE_FLAGS } from "./ours";

const folder = path.join(repositoryRoot(), "bench/peers/constant");

/** @param node the same as runs our server */
export const constant = (node: string): Contender => ({
  name: "constant",
  title: "node:http, a constant",
  variants: DEFAULT_ONLY,
  command: ({ port, answer }) => ({
    argv: [node, ...NODE_FLAGS, path.join(folder, "server.js")],
    env: { NODE_ENV: "production", PORT: String(port), ANSWER: answer },
    cwd: folder,
    readiness: "/",
  }),
  post: (_model, instance) => jsonPost("/predict", { instances: [instance] }, AUTHORIZATION),
  predictions: () => undefined,
});
