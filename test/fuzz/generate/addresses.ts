import { checkError, type HttpProtocol } from "../oracle/answers-http";
import type { Judgement } from "../oracle/judgement";
import type { Random } from "../random";
import { alternatives } from "./alternatives";
import type { HttpCase } from "./case";
import { doubtful, httpCase, specialCase } from "./http-case";

/** What a model or a version may be called in an address without being there. */
const NO_MODEL: readonly string[] = [
  ...alternatives(
    "nope|IRIS|iris%00|iris%20|%20iris|..|.|...|__proto__|constructor|toString|*|~|$",
  ),
  ...alternatives(
    "..%2f..%2fetc%2fpasswd|%2e%2e|%2e%2e%2f|..%5c..|%252e%252e|iris%2f1|iris%0d%0aX:1",
  ),
  ...alternatives("%|%z|%zz|%f|%ff|%c0%ae|%ed%a0%80|iris;x=1|iris,spam|'iris'|%22iris%22|-1|0"),
  "a".repeat(41),
  "a".repeat(4000),
  "%61".repeat(1000),
];
const NO_VERSION: readonly string[] = [
  ...alternatives(
    "0|-1|1.0|01|001|+1|1e0|latest|999999999|99999999999999999999|v1|__proto__|%00|%31x",
  ),
  ...alternatives("1%20|%201|..|.|constructor|NaN|null|1,1|1;x|0x1"),
  "1".repeat(3000),
];
const ODD_PATHS: readonly string[] = [
  ...alternatives(
    "//predict|/predict/|/predict;x=1|/PREDICT|/predict%20|/predict%00|/predict//|/./predict",
  ),
  ...alternatives(
    "/x/../predict|/v1|/v1/|/v1/models|/v1/models/|/v1/models//|/v2/|/v2/models|/v2/models/",
  ),
  ...alternatives(
    "/v1/models:predict|/v1/models/:predict|/v2/models//infer|/v2/health|/v2/health/|/..",
  ),
  ...alternatives("/v2/models/iris/versions|/v2/models/iris/versions/|/v2/models/iris/versions/1/"),
  ...alternatives(
    "/v1/models/iris/versions|/v1/models/iris/labels/stable:predict|/v2/repository/index",
  ),
  ...alternatives(
    "/metrics|/etc/passwd|/.git/config|/app/models/iris/model.json|/models/iris|/favicon.ico",
  ),
  ...alternatives(
    "/v1/models/iris:classify|/v1/models/iris:regress|/v1/models/iris:Predict|/v1/models/iris:",
  ),
  ...alternatives(
    "/v1/models/iris:predict:predict|/v1/models/iris:predict/|/v1/models/iris/predict",
  ),
  ...alternatives(
    "/v2/models/iris/infer/|/v2/models/iris/Infer|/v2/models/iris/infer/x|/v2/models/iris/x",
  ),
  ...alternatives(
    "/%70redict|/v1/models/%69ris:predict|/v1/models/iris%3apredict|/v2/models/%69ris/infer",
  ),
  ...alternatives("/?|/?a|/predict?|/predict?a=b&&&=|/predict?%zz|/predict?model|/predict?version"),
  ...alternatives(
    "/predict?model=nope|/predict?model=..%2f|/predict?model=iris&model=spam|/score?model=nope",
  ),
  ...alternatives(
    "/predict?model=iris&version=0|/predict?version=x|/predict?model=%ff|/predict?model=__proto__",
  ),
  `/${"a/".repeat(1500)}`,
  `/predict?${"a=b&".repeat(1000)}`,
];
const METHODS: readonly string[] = [
  ...alternatives("GET|PUT|DELETE|PATCH|HEAD|OPTIONS|TRACE|PROPFIND|PURGE|LINK|SEARCH|QUERY"),
];
const REFUSALS: readonly number[] = [400, 404, 405, 413, 414, 415, 431];

/** Addresses of nothing, of a model or version that isn't there, and methods that fit no address. */
export function oddAddress(
  kind: string,
  protocol: HttpProtocol,
  rightPath: string,
  body: Buffer,
  judgement: Judgement,
  random: Random,
): HttpCase {
  const invalid: Judgement = { verdict: "invalid", statuses: REFUSALS };
  return random.weighted<() => HttpCase>([
    [4, () => httpCase(kind, "any", { path: pathOf(protocol, random), body }, invalid)],
    [3, () => odd({ path: random.pick(ODD_PATHS), body })],
    [3, () => odd({ path: random.pick(ODD_PATHS), body, method: random.pick(METHODS) })],
    [3, () => odd({ path: rightPath, body, method: random.pick(METHODS) })],
    [
      1,
      () =>
        httpCase(
          kind,
          protocol,
          { path: `${rightPath}${rightPath.includes("?") ? "&" : "?"}x=%zz`, body },
          doubtful(judgement, REFUSALS),
        ),
    ],
  ])();

  function odd(parts: { path: string; body: Buffer; method?: string }): HttpCase {
    const method = parts.method ?? "POST";
    return specialCase(kind, parts, (response) => {
      if (method === "HEAD")
        return response.body.length === 0 ? undefined : "a body in the answer to HEAD";
      if (response.status < 400) return undefined;
      return REFUSALS.includes(response.status)
        ? checkError("any", response)
        : `answered ${response.status}`;
    });
  }
}

function pathOf(protocol: HttpProtocol, random: Random): string {
  const noModel = random.chance(0.6);
  const model = noModel ? random.pick(NO_MODEL) : "iris";
  const version = noModel ? random.pick([undefined, "1"]) : random.pick(NO_VERSION);
  if (protocol === "plain")
    return `/predict?model=${model}${version === undefined ? "" : `&version=${version}`}`;
  const versions = version === undefined ? "" : `/versions/${version}`;
  return protocol === "tensorflow"
    ? `/v1/models/${model}${versions}:predict`
    : `/v2/models/${model}${versions}/infer`;
}
