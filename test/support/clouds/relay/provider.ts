import * as fs from "node:fs";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Struct as StructClass } from "google-protobuf/google/protobuf/struct_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import type { Engine } from "../../../../local/providers/rpc/engine";
import { fromStruct, strip, toStruct } from "../../../../local/providers/rpc/properties";
import type { Provider } from "../../../../local/providers/rpc/server";
import { parseUrn } from "../../../../local/providers/rpc/urn";
import { children, child, isValues, text, type Values } from "../values";

const { Kind } = pb.PropertyDiff;
const { DiffChanges } = pb.DiffResponse;

/** Variables that hold credentials, or the path of a file that does. */
const VARIABLES = [
  "GOOGLE_CREDENTIALS",
  "GOOGLE_APPLICATION_CREDENTIALS",
  "GOOGLE_OAUTH_ACCESS_TOKEN",
  "IC_API_KEY",
  "IBMCLOUD_API_KEY",
] as const;

const NAMES = { google: "Google Cloud", ibm: "IBM Cloud" } as const;

/**
 * A provider that knows nothing: each call goes to the clouds' process as JSON, and its answer back. The engine keeps track of secrets
 * itself for a provider that doesn't accept them; unknown values travel as the engine's own strings.
 */
export class RelayProvider implements Provider {
  readonly #abort = new AbortController();
  #config: Values = {};

  constructor(
    private readonly cloud: keyof typeof NAMES,
    private readonly url: string,
    readonly version: string,
    private readonly engine: Engine,
  ) {}

  cancel(): void {
    this.#abort.abort();
  }

  parameterize(request: pb.ParameterizeRequest): Promise<pb.ParameterizeResponse> {
    const value = request.getValue();
    const response = new pb.ParameterizeResponse();
    response.setName(value?.getName() ?? "").setVersion(value?.getVersion() ?? "");
    return Promise.resolve(response);
  }

  checkConfig(request: pb.CheckRequest): Promise<pb.CheckResponse> {
    return Promise.resolve(new pb.CheckResponse().setInputs(request.getNews()));
  }

  diffConfig(request: pb.DiffRequest): Promise<pb.DiffResponse> {
    const [old, next] = [json(request.getOlds()), json(request.getNews())];
    const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])];
    const changed = keys.filter((key) => JSON.stringify(old[key]) !== JSON.stringify(next[key]));
    const response = new pb.DiffResponse()
      .setChanges(changed.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE)
      .setDiffsList(changed);
    return Promise.resolve(response);
  }

  async configure(request: pb.ConfigureRequest): Promise<pb.ConfigureResponse> {
    this.#config = json(request.getArgs());
    this.engine.log("info", `this is modelport's simulation of ${NAMES[this.cloud]}, for tests`);
    await this.#ask("configure", {});
    return new pb.ConfigureResponse().setSupportspreview(true);
  }

  async check(request: pb.CheckRequest): Promise<pb.CheckResponse> {
    const { type: token, name } = parseUrn(request.getUrn());
    const answer = await this.#ask("check", {
      token,
      name,
      inputs: json(request.getNews()),
      ...(request.hasOlds() ? { old: json(request.getOlds()) } : {}),
    });
    const failures = children(answer, "failures").map((failure) =>
      new pb.CheckFailure()
        .setProperty(text(failure, "property"))
        .setReason(text(failure, "reason")),
    );
    return new pb.CheckResponse()
      .setInputs(struct(child(answer, "inputs")))
      .setFailuresList(failures);
  }

  async diff(request: pb.DiffRequest): Promise<pb.DiffResponse> {
    const [old, inputs] = [json(request.getOldInputs()), json(request.getNews())];
    const answer = await this.#ask("diff", { token: tokenOf(request), old, inputs });
    const changed = strings(answer["changed"]);
    const replaces = new Set(strings(answer["replaces"]));
    const response = new pb.DiffResponse()
      .setChanges(changed.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE)
      .setReplacesList([...replaces])
      .setDeletebeforereplace(answer["deleteBeforeReplace"] === true)
      .setHasdetaileddiff(changed.length > 0);
    for (const key of changed)
      response
        .getDetaileddiffMap()
        .set(
          key,
          new pb.PropertyDiff().setKind(kindOf(key in old, key in inputs, replaces.has(key))),
        );
    return response;
  }

  async create(request: pb.CreateRequest): Promise<pb.CreateResponse> {
    const { id = "", outputs } = await this.#ask("create", {
      token: tokenOf(request),
      inputs: json(request.getProperties()),
      preview: request.getPreview(),
    });
    return new pb.CreateResponse().setId(String(id)).setProperties(struct(outputs));
  }

  async read(request: pb.ReadRequest): Promise<pb.ReadResponse> {
    const id = request.getId();
    const { inputs, outputs } = await this.#ask("read", { token: tokenOf(request), id });
    const response = new pb.ReadResponse();
    // Nothing is what tells the engine that it is gone.
    return outputs === undefined
      ? response
      : response.setId(id).setProperties(struct(outputs)).setInputs(struct(inputs));
  }

  async update(request: pb.UpdateRequest): Promise<pb.UpdateResponse> {
    const { outputs } = await this.#ask("update", {
      token: tokenOf(request),
      id: request.getId(),
      outputs: json(request.getOlds()),
      inputs: json(request.getNews()),
      preview: request.getPreview(),
    });
    return new pb.UpdateResponse().setProperties(struct(outputs));
  }

  async delete(request: pb.DeleteRequest): Promise<void> {
    await this.#ask("delete", { token: tokenOf(request), id: request.getId() });
  }

  async invoke(request: pb.InvokeRequest): Promise<pb.InvokeResponse> {
    const { outputs } = await this.#ask("invoke", {
      token: request.getTok(),
      inputs: json(request.getArgs()),
    });
    return new pb.InvokeResponse().setReturn(struct(outputs));
  }

  /** @throws what the cloud refused, in the words of a bridged provider */
  async #ask(method: string, body: Values): Promise<Values> {
    const response = await fetch(`${this.url}/plugin/${this.cloud}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...body, config: this.#config, environment: environment() }),
      signal: this.#abort.signal,
    });
    const answer: unknown = await response.json();
    const values = isValues(answer) ? answer : {};
    if (response.ok) return values;
    throw new Error(`1 error occurred:\n\t* ${text(values, "error")}\n\n`);
  }
}

const tokenOf = (request: { getUrn(): string }) => parseUrn(request.getUrn()).type;

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];

/** Without marks of secrets; unknown values stay the strings they are. */
function json(of: Struct | undefined): Values {
  return toStruct(strip(fromStruct(of))).toJavaScript();
}

function struct(values: unknown): Struct {
  return StructClass.fromJavaScript((isValues(values) ? values : {}) as Record<string, never>);
}

function kindOf(before: boolean, after: boolean, replaces: boolean): pb.PropertyDiff.Kind {
  if (!before) return replaces ? Kind.ADD_REPLACE : Kind.ADD;
  if (!after) return replaces ? Kind.DELETE_REPLACE : Kind.DELETE;
  return replaces ? Kind.UPDATE_REPLACE : Kind.UPDATE;
}

/** Read anew for each call, as tokens are. A variable that names a file gives its content. */
function environment(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of VARIABLES) {
    const value = process.env[name];
    if (value === undefined || value === "") continue;
    found[name] = fs.existsSync(value) ? fs.readFileSync(value, "utf8") : value;
  }
  return found;
}
