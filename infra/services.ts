import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/docker";
import { apiKeysFile } from "./api-keys";
import { checkServices } from "./check-services";
import { checkDockerDaemon } from "./components/docker-daemon";
import { InferenceImage } from "./components/inference-image";
import { InferenceService } from "./components/inference-service";
import { ServiceNamespace } from "./components/service-namespace";
import { goldenProof, ownProof, type Proof } from "./components/smoke";
import type { StackConfig } from "./config/schema";
import type { Exposure, ServiceConfig } from "./config/service";
import { ConfigError } from "./errors";
import { frontSettings } from "./exposures";
import { imagePlatformFaults } from "./image-platform";
import { sourceOf, type ImageSource } from "./image-source";
import { readModel, servedVersions, type Model } from "./models";
import { stackNamespace } from "./naming";
import { networkRules } from "./network";
import { isOffline } from "./offline-mode";
import { GRPC_PORT, METRICS_PORT, serverEnvironment } from "./server-environment";
import type { Cluster, GpuFacts, ReachableFrom, Target } from "./targets/target";

/** A service as it will be, everything checked and nothing registered yet. */
export interface ServicePlan {
  readonly name: string;
  readonly namespace: string;
  readonly config: ServiceConfig;
  readonly exposure: Exposure;
  readonly env: Readonly<Record<string, string>>;
  readonly source: ImageSource;
  readonly proof: Proof;
}

export interface ServiceOutputs {
  url: pulumi.Output<string>;
  reachableFrom: pulumi.Output<ReachableFrom>;
  image: pulumi.Output<string>;
  models: string[];
  namespace: string;
}

/** Reads the models and stages the images' contexts. @throws ConfigError with all that the target can't do, ProgramError */
export async function planServices(
  { services, images }: Pick<StackConfig, "services" | "images">,
  target: Target,
  root: string,
  stack: string,
): Promise<ServicePlan[]> {
  const { mirrors } = images;
  const faults = checkServices(services, target, root, stack);
  if (faults.length > 0) throw new ConfigError(stack, faults);
  const plans = Object.entries(services).map(async ([name, config]) => {
    const models = (config.models ?? []).map((model) => readModel(root, model));
    return {
      name,
      namespace: config.namespace ?? stackNamespace(stack),
      config,
      exposure: config.exposure ?? target.defaultExposure,
      env: serverEnvironment(name, config),
      source: await sourceOf({ name, config, models, target, mirrors, root, stack }),
      proof: proofOf(name, config, models),
    };
  });
  return Promise.all(plans);
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

/** Likewise; images that say their platform in the config are taken at their word. @throws ConfigError naming images for other nodes */
export async function checkImages(
  plans: readonly ServicePlan[],
  { platform }: Target,
  root: string,
  stack: string,
): Promise<void> {
  if (pulumi.runtime.isDryRun() || isOffline()) return;
  const images = plans.flatMap(({ name: service, source, config }) =>
    "image" in source && config.platform === undefined ? [{ service, image: source.image }] : [],
  );
  const faults = await imagePlatformFaults(images, platform, root, stack);
  if (faults.length > 0) throw new ConfigError(stack, faults);
}

/**
 * Registers namespaces, images and services.
 * @param closeEnv whether the variables of `env` are kept secret in state and previews. Default: false
 */
export function deployServices(
  plans: readonly ServicePlan[],
  target: Target,
  cluster: Cluster,
  stack: string,
  closeEnv = false,
): Record<string, ServiceOutputs> {
  const { provider, images } = cluster;
  const namespaces = new Map<string, ServiceNamespace>();
  for (const { namespace: name, config } of plans)
    if (!namespaces.has(name)) {
      // All services in it have the same level: config's check.
      const podSecurity = config.podSecurity.level;
      namespaces.set(
        name,
        new ServiceNamespace(name, { name, stack, provider, images, podSecurity }),
      );
    }
  const docker = plans.some(({ source }) => "context" in source)
    ? new Provider("docker", target.build.dockerHost ? { host: target.build.dockerHost } : {})
    : undefined;

  const outputs: Record<string, ServiceOutputs> = {};
  for (const plan of plans) {
    const namespace = namespaces.get(plan.namespace);
    if (namespace === undefined) continue;
    const image = imageOf(plan, target, cluster, docker, stack);
    const service = new InferenceService(plan.name, {
      ...podsOf(plan, target),
      env: closeEnv ? closed(plan) : plan.env,
      identity: { stack, service: plan.name },
      namespace,
      cluster,
      image,
      imageLoaded: images.kind === "loaded" && "context" in plan.source,
      // OpenShift lets the pods pull what it built, unless they name a secret of their own.
      pullSecret: !("git" in plan.source),
      exposure: plan.exposure,
      front: frontSettings(plan.config, plan.exposure, target.capabilities),
      nodePortsReachable: target.capabilities.nodePortsReachable,
      network: networkRules({
        stack,
        config: plan.config.network,
        env: plan.env,
        others: plans.filter(({ name }) => name !== plan.name),
      }),
      proof: plan.proof,
    });
    outputs[plan.name] = {
      url: service.url,
      reachableFrom: service.reachableFrom,
      image,
      models: plan.config.models ?? [],
      namespace: namespace.name,
    };
  }
  return outputs;
}

/** What a plan says of the pods, in the words of the component. */
function podsOf({ config }: ServicePlan, { podSecurity, capabilities }: Target) {
  const keys = apiKeysFile(config.apiKeys);
  const { runAsUser = podSecurity.runAsUser, reason, readOnlyRootFilesystem } = config.podSecurity;
  return {
    replicas: config.replicas,
    ...(config.autoscaling === undefined ? {} : { autoscaling: config.autoscaling }),
    revisionHistoryLimit: config.revisionHistory,
    port: config.port,
    ...(config.models === undefined ? {} : { grpcPort: GRPC_PORT, metricsPort: METRICS_PORT }),
    ...(keys === undefined ? {} : { apiKeysFile: keys }),
    secrets: config.secrets,
    health: config.health,
    resources: config.resources,
    ...gpuOf(config, capabilities.gpu),
    ...(runAsUser === undefined ? {} : { runAsUser }),
    readOnlyRootFilesystem,
    ...(reason === undefined ? {} : { securityReason: reason }),
    transform: config.transform,
  };
}

/** The user's own variables may hold secrets. */
const closed = ({ env, config }: ServicePlan): Record<string, pulumi.Input<string>> =>
  Object.fromEntries(
    Object.entries(env).map(([name, value]) => [
      name,
      name in config.env ? pulumi.secret(value) : value,
    ]),
  );

function gpuOf({ gpu }: ServiceConfig, facts: GpuFacts | undefined) {
  if (gpu === undefined || facts === undefined) return {};
  const nodeSelector = gpu.type === undefined ? undefined : facts.types[gpu.type];
  return {
    gpu: { resource: facts.resource, count: gpu.count },
    tolerations: facts.tolerations,
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
  };
}

function imageOf(
  plan: ServicePlan,
  { platform, build }: Target,
  { images, buildFromGit }: Cluster,
  docker: Provider | undefined,
  stack: string,
): pulumi.Output<string> {
  const { source, name: service } = plan;
  if ("image" in source) return pulumi.output(source.image);
  if ("git" in source) {
    if (buildFromGit === undefined) throw new Error(`service ${service}: the cluster can't build`);
    return buildFromGit(service, {
      service,
      namespace: plan.namespace,
      stack,
      source: source.git,
    });
  }
  if (docker === undefined) throw new Error(`service ${service} is built, but there is no builder`);
  const dockerfile = plan.config.build?.dockerfile;
  return new InferenceImage(service, {
    service,
    context: source.context,
    platform,
    build: { ...build, ...(source.baseImage === undefined ? {} : { baseImage: source.baseImage }) },
    images,
    docker,
    ...(plan.config.build === undefined ? { stage: STAGED } : {}),
    ...(dockerfile === undefined ? {} : { dockerfile }),
  }).ref;
}
