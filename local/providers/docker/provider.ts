/** pulumirpc.ResourceProvider for `docker:index/image:Image` (pulumi/pulumi-docker provider/{provider,hybrid}.go). */
import { setMaxListeners } from "node:events";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import type { Engine } from "../rpc/engine";
import {
  equal,
  fromStruct,
  hasUnknown,
  isMap,
  Secret,
  strip,
  toStruct,
  type Plain,
  type PlainObject,
} from "../rpc/properties";
import type { Provider } from "../rpc/server";
import { parseUrn } from "../rpc/urn";
import { buildImage } from "./build";
import { DockerCli } from "./cli";
import { checkInputs, parseImage } from "./inputs";

const imageType = "docker:index/image:Image";
const { Kind } = pb.PropertyDiff;
const { DiffChanges } = pb.DiffResponse;

export class DockerProvider implements Provider {
  readonly #abort = new AbortController();
  #config: Record<string, string> = {};

  constructor(
    readonly version: string,
    private readonly engine: Engine,
  ) {
    setMaxListeners(0, this.#abort.signal);
  }

  cancel(): void {
    this.#abort.abort();
  }

  checkConfig(request: pb.CheckRequest): Promise<pb.CheckResponse> {
    return Promise.resolve(new pb.CheckResponse().setInputs(request.getNews()));
  }

  diffConfig(request: pb.DiffRequest): Promise<pb.DiffResponse> {
    const changed = changedKeys(
      strip(fromStruct(request.getOlds())),
      strip(fromStruct(request.getNews())),
    );
    const response = new pb.DiffResponse()
      .setChanges(changed.size > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE)
      .setDiffsList([...changed.keys()]);
    return Promise.resolve(response);
  }

  configure(request: pb.ConfigureRequest): Promise<pb.ConfigureResponse> {
    for (const [key, value] of request.getVariablesMap().entries())
      if (value !== "") this.#config[key.replace("docker:config:", "")] = value;
    this.engine.log("info", "using modelport's stand-in for the Docker provider");
    return Promise.resolve(new pb.ConfigureResponse().setSupportspreview(true));
  }

  async check(request: pb.CheckRequest): Promise<pb.CheckResponse> {
    requireImage(request.getUrn());
    const { inputs, notes } = await checkInputs(strip(fromStruct(request.getNews())));
    for (const note of notes) this.engine.log("info", note, request.getUrn());
    return new pb.CheckResponse().setInputs(toStruct(inputs));
  }

  diff(request: pb.DiffRequest): Promise<pb.DiffResponse> {
    requireImage(request.getUrn());
    const state = strip(fromStruct(request.getOlds()));
    const old = isMap(state["__inputs"]) ? state["__inputs"] : state;
    const changed = changedKeys(old, strip(fromStruct(request.getNews())));
    const response = new pb.DiffResponse()
      .setChanges(changed.size > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE)
      .setHasdetaileddiff(changed.size > 0);
    for (const [key, kind] of changed)
      response.getDetaileddiffMap().set(key, new pb.PropertyDiff().setKind(kind));
    return Promise.resolve(response);
  }

  async create(request: pb.CreateRequest): Promise<pb.CreateResponse> {
    const inputs = strip(fromStruct(request.getProperties()));
    const preview = request.getPreview();
    if (preview && !this.#canPreview(inputs, request.getUrn()))
      return new pb.CreateResponse().setProperties(request.getProperties());
    const state = await this.#build(request.getUrn(), inputs, preview);
    return new pb.CreateResponse().setId(parseImage(inputs).name).setProperties(toStruct(state));
  }

  async update(request: pb.UpdateRequest): Promise<pb.UpdateResponse> {
    const inputs = strip(fromStruct(request.getNews()));
    const preview = request.getPreview();
    if (preview && !this.#canPreview(inputs, request.getUrn()))
      return new pb.UpdateResponse().setProperties(request.getNews());
    const state = await this.#build(request.getUrn(), inputs, preview);
    return new pb.UpdateResponse().setProperties(toStruct(state));
  }

  /** What the state says is taken as it is: no registry is asked. */
  read(request: pb.ReadRequest): Promise<pb.ReadResponse> {
    requireImage(request.getUrn());
    const response = new pb.ReadResponse()
      .setId(request.getId())
      .setProperties(request.getProperties())
      .setInputs(request.getInputs());
    return Promise.resolve(response);
  }

  /** Tags stay, locally and in the registry. */
  delete(request: pb.DeleteRequest): Promise<void> {
    requireImage(request.getUrn());
    return Promise.resolve();
  }

  async #build(urn: string, inputs: PlainObject, preview: boolean) {
    requireImage(urn);
    const image = parseImage(inputs);
    const { engine } = this;
    const context = { cli: this.#cli(), engine, urn, signal: this.#abort.signal };
    const outputs = await buildImage(context, image, !image.skipPush && !preview);
    // Inputs hold the registry's password.
    return { ...outputs, __inputs: new Secret(inputs) };
  }

  #cli(): DockerCli {
    const setting = (name: string, variable: string) => this.#config[name] ?? process.env[variable];
    return new DockerCli({
      host: this.#config["host"],
      context: this.#config["context"],
      certPath: this.#config["certPath"],
      caMaterial: setting("caMaterial", "DOCKER_CA_MATERIAL"),
      certMaterial: setting("certMaterial", "DOCKER_CERT_MATERIAL"),
      keyMaterial: setting("keyMaterial", "DOCKER_KEY_MATERIAL"),
    });
  }

  #canPreview(inputs: PlainObject, urn: string): boolean {
    if (inputs["buildOnPreview"] !== true) return false;
    const build = inputs["build"];
    const needed = isMap(build) ? [build["dockerfile"], build["context"], build["args"]] : [];
    if (isMap(build) && ![...needed, inputs["imageName"]].some(hasUnknown)) return true;
    this.engine.log(
      "warning",
      "the image's name, Dockerfile, context or arguments are not known yet, so it is not built in this preview",
      urn,
    );
    return false;
  }
}

function requireImage(urn: string): void {
  const { type } = parseUrn(urn);
  if (type === imageType) return;
  throw new Error(
    `modelport's stand-in for the Docker provider has Image only, not ${type}. Install the official plugin: pulumi plugin install resource docker`,
  );
}

/** Top-level inputs that differ; credentials that rotate do not count. */
function changedKeys(old: PlainObject, next: PlainObject): Map<string, pb.PropertyDiff.Kind> {
  const changed = new Map<string, pb.PropertyDiff.Kind>();
  for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
    if (equal(old[key], next[key])) continue;
    if (old[key] === undefined) changed.set(key, Kind.ADD);
    else if (next[key] === undefined) changed.set(key, Kind.DELETE);
    else if (key !== "registry" || isOtherRegistry(old[key], next[key]))
      changed.set(key, Kind.UPDATE);
  }
  return changed;
}

function isOtherRegistry(old: Plain, next: Plain | undefined): boolean {
  if (!isMap(old) || !isMap(next)) return true;
  const updated = Object.keys(old).filter((key) => key in next && !equal(old[key], next[key]));
  return updated.length === 0 || updated.includes("server");
}
