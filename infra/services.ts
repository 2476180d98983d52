import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/docker";
import { apiKeysFile } from "./api-keys";
import { billFile } from "./components/bill-file";
import { folderFiles, stageContext, type StagedContext } from "./components/build-context";
import { checkDockerDaemon } from "./components/docker-daemon";
import { InferenceImage } from "./components/inference-image";
import { InferenceService } from "./components/inference-service";
import { BILL_TARGET, serverFiles } from "./components/server-files";
import { ServiceNamespace } from "./components/service-namespace";
import { goldenProof, ownProof, type Proof } from "./components/smoke";
import type { Exposure, ServiceConfig } from "./config-schema";
import { ProgramError } from "./errors";
import { readModel, servedVersions, type Model } from "./models";
import { stackNamespace } from "./naming";
import { GRPC_PORT, METRICS_PORT, serverEnvironment } from "./server-environment";
import type { Cluster, ReachableFrom, Target } from "./targets/target";

/** A service as it will be, everything checked and nothing registered yet. */
export interface ServicePlan {
  readonly name: string;
  readonly namespace: string;
  readonly config: ServiceConfig;
  readonly exposure: Exposure;
  readonly env: Readonly<Record<string, string>>;
  readonly source: { readonly image: string } | { readonly context: StagedContext };
  readonly proof: Proof;
}

export interface ServiceOutputs {
  url: pulumi.Output<string>;
  reachableFrom: pulumi.Output<ReachableFrom>;
  image: pulumi.Output<string>;
  models: string[];
  namespace: string;
}

/** Reads the models and stages the images' contexts. @throws ProgramError */
export async function planServices(
  services: Readonly<Record<string, ServiceConfig>>,
  target: Target,
  root: string,
  stack: string,
): Promise<ServicePlan[]> {
  const plans = Object.entries(services).map(async ([name, config]) => {
    const models = (config.models ?? []).map((model) => readModel(root, model));
    return {
      name,
      namespace: config.namespace ?? stackNamespace(stack),
      config,
      exposure: exposureOf(name, config, target, stack),
      env: serverEnvironment(name, config),
      source: await sourceOf({ name, config, models, target, root, stack }),
      proof: proofOf(name, config, models),
    };
  });
  return Promise.all(plans);
}

function exposureOf(name: string, config: ServiceConfig, target: Target, stack: string): Exposure {
  const exposure = config.exposure ?? target.defaultExposure;
  if (target.capabilities.exposures.includes(exposure)) return exposure;
  throw new ProgramError(`modelport:services.${name}.exposure: ${exposure} does not exist here`, {
    why: `target ${target.name} can do ${target.capabilities.exposures.join(", ")}`,
    fix: `pulumi config set --path 'modelport:services.${name}.exposure' ${target.defaultExposure} --stack ${stack}`,
  });
}

interface SourceArgs {
  readonly name: string;
  readonly config: ServiceConfig;
  readonly models: readonly Model[];
  readonly target: Target;
  readonly root: string;
  readonly stack: string;
}

/** A ready image, or the context that one is built from. All versions of a model are in it: a pin is changed without a build. */
async function sourceOf(args: SourceArgs): Promise<ServicePlan["source"]> {
  const { name, config, models, target, root, stack } = args;
  if (config.image !== undefined) return { image: config.image };
  if (config.build !== undefined) {
    const files = folderFiles(path.resolve(root, config.build.context));
    return { context: stageContext(root, stack, name, files) };
  }
  const { baseImage } = target.build;
  const bill = await billFile(root, stack, name, {
    models,
    ...(baseImage === undefined ? {} : { baseImage }),
  });
  const files = serverFiles(root, target.platform, models);
  return {
    context: stageContext(root, stack, name, [...files, { source: bill, target: BILL_TARGET }]),
  };
}

function proofOf(name: string, config: ServiceConfig, models: readonly Model[]): Proof {
  const [first] = models;
  if (first === undefined) return ownProof(config.prediction ?? { path: "/predict", body: {} });
  const [apiKey] = Object.values(config.apiKeys);
  const { maxBodyBytes, maxRows } = config.server;
  return goldenProof({
    models: models.map((model) => ({
      name: model.name,
      versions: servedVersions(
        model,
        config.versions[model.name],
        `modelport:services.${name}.versions.${model.name}`,
      ),
    })),
    defaultModel: config.env["DEFAULT_MODEL"] ?? first.name,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
    ...(maxRows === undefined ? {} : { maxRows }),
  });
}

/** Stage of app/Dockerfile that takes a staged context. */
const STAGED = "staged";

/** In an update, not in a preview, which builds nothing. @throws ProgramError when there is something to build and no builder */
export async function checkBuilder(plans: readonly ServicePlan[], target: Target): Promise<void> {
  const builds = plans.some(({ source }) => "context" in source);
  if (builds && !pulumi.runtime.isDryRun()) await checkDockerDaemon(target.build.dockerHost);
}

/** Registers namespaces, images and services. */
export function deployServices(
  plans: readonly ServicePlan[],
  target: Target,
  cluster: Cluster,
  stack: string,
): Record<string, ServiceOutputs> {
  const { provider, images } = cluster;
  const namespaces = new Map<string, ServiceNamespace>();
  for (const name of new Set(plans.map(({ namespace }) => namespace)))
    namespaces.set(name, new ServiceNamespace(name, { name, stack, provider, images }));
  const docker = plans.some(({ source }) => "context" in source)
    ? new Provider("docker", target.build.dockerHost ? { host: target.build.dockerHost } : {})
    : undefined;

  const outputs: Record<string, ServiceOutputs> = {};
  for (const plan of plans) {
    const namespace = namespaces.get(plan.namespace);
    if (namespace === undefined) continue;
    const image = imageOf(plan, target, cluster, docker);
    const { config } = plan;
    const keys = apiKeysFile(config.apiKeys);
    const service = new InferenceService(plan.name, {
      identity: { stack, service: plan.name },
      namespace,
      cluster,
      podSecurity: target.podSecurity,
      image,
      exposure: plan.exposure,
      nodePortsReachable: target.capabilities.nodePortsReachable,
      replicas: config.replicas,
      port: config.port,
      ...(config.models === undefined ? {} : { grpcPort: GRPC_PORT, metricsPort: METRICS_PORT }),
      ...(keys === undefined ? {} : { apiKeysFile: keys }),
      health: config.health,
      resources: config.resources,
      env: plan.env,
      proof: plan.proof,
    });
    outputs[plan.name] = {
      url: service.url,
      reachableFrom: service.reachableFrom,
      image,
      models: config.models ?? [],
      namespace: namespace.name,
    };
  }
  return outputs;
}

function imageOf(
  plan: ServicePlan,
  { platform, build }: Target,
  { images }: Cluster,
  docker: Provider | undefined,
): pulumi.Output<string> {
  const { source, name: service } = plan;
  if ("image" in source) return pulumi.output(source.image);
  if (docker === undefined) throw new Error(`service ${service} is built, but there is no builder`);
  const dockerfile = plan.config.build?.dockerfile;
  return new InferenceImage(service, {
    service,
    context: source.context,
    platform,
    build,
    images,
    docker,
    ...(plan.config.build === undefined ? { stage: STAGED } : {}),
    ...(dockerfile === undefined ? {} : { dockerfile }),
  }).ref;
}
