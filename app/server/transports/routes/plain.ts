import { quote } from "../../codec/faults";
import { parseInstances, parseText, renderPredictions, takesText } from "../../codec/plain";
import type { DataPlane, ServedVersion } from "../../data-plane";
import { RequestError } from "../../errors";
import type { Tensor } from "../../tensor";
import { jsonReply, JSON_TYPE, type Call, type Endpoint, type Handler } from "./endpoint";
import { predict, type PredictionCodec } from "./prediction";
import { plain as protocol } from "./protocols";

/** The server's own prediction endpoint, and what the platform it runs on asks. */
export function plainEndpoints(
  dataPlane: DataPlane,
  maxRows: number,
  isDraining: () => boolean,
): Endpoint[] {
  const codec: PredictionCodec<{ readonly tensors: readonly Tensor[] }> = {
    parse: ({ headers, body }, served) => ({
      tensors:
        takesText(served.metadata) && isText(headers["content-type"])
          ? parseText(body, served)
          : parseInstances(body, served, maxRows),
    }),
    render: (served, _, outputs) => ({
      status: 200,
      type: JSON_TYPE,
      body: renderPredictions(served, outputs),
    }),
  };

  const score: Handler = (call) => {
    const { metadata, version, facts } = findByQuery(dataPlane, call);
    const { name } = metadata;
    if (facts.evaluation === undefined)
      throw new RequestError(
        404,
        `version ${version} of model "${name}" has no score: its model.json has no evaluation`,
      );
    const { score, metric, testRows } = facts.evaluation;
    return jsonReply({ model: name, version, score, metric, testRows });
  };

  /** Green as long as the process answers: while it loads and while it drains, too. */
  const live: Handler = () => jsonReply({ status: "ok" });

  const ready: Handler = () => {
    const status = dataPlane.status();
    if (isDraining()) return jsonReply({ ...status, ready: false, reason: "draining" }, 503);
    return jsonReply(status, status.ready ? 200 : 503);
  };

  return [
    {
      path: "/predict",
      protocol,
      POST: (call) => predict(codec, findByQuery(dataPlane, call), call),
    },
    { path: "/score", protocol, open: true, GET: score },
    { path: "/healthz", protocol, open: true, GET: live },
    { path: "/readyz", protocol, open: true, GET: ready },
  ];
}

/** `?model=` and `?version=`; the default ones without them. */
export function findByQuery(dataPlane: DataPlane, { query }: Call): ServedVersion {
  if (query === undefined) return dataPlane.find();
  const named = new URLSearchParams(query);
  return dataPlane.find(named.get("model") ?? undefined, named.get("version") ?? undefined);
}

/** @throws RequestError 415 for a text that is not in UTF-8. */
function isText(contentType = ""): boolean {
  const [type, ...parameters] = contentType.toLowerCase().split(";");
  if (type?.trim() !== "text/plain") return false;
  for (const parameter of parameters) {
    const [name, value] = parameter.split("=");
    if (name?.trim() !== "charset") continue;
    const charset = value?.trim().replaceAll('"', "") ?? "";
    if (charset !== "utf-8" && charset !== "us-ascii")
      throw new RequestError(415, `charset ${quote(charset)}: send the text in UTF-8`);
  }
  return true;
}
