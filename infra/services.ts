import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/docker";
import {
  folderFiles,
  serverFiles,
  stageContext,
  type StagedContext,
} from "./components/build-context";
import { checkDockerDaemon } from "./components/docker-daemon";
import { InferenceImage } from "./components/inference-image";
import { InferenceService } from "./components/inference-service";
import { ServiceNamespace } from "./components/service-namespace";
import { goldenProof, ownProof, type Proof } from "./components/smoke";
import type { Exposure, ServiceConfig } from "./config-schema";
import { ProgramError } from "./errors";
import { readModel } from "./models";
import { physicalName } from "./naming";
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
export function planServices(
  services: Readonly<Record<string, ServiceConfig>>,
  target: Target,
  root: string,
  stack: string,
): ServicePlan[] {
  return Object.entries(services).map(([name, config]) => {
    const exposure = config.exposure ?? target.defaultExposure;
    if (!target.capabilities.exposures.includes(exposure))
      throw new ProgramError(
        `modelport:services.${name}.exposure: ${exposure} does not exist here`,
        {
          why: `target ${target.name} can do ${target.capabilities.exposures.join(", ")}`,
          fix: `pulumi config set --path 'modelport:services.${name}.exposure' ${target.defaultExposure} --stack ${stack}`,
        },
      );
    const models = (config.models ?? []).map((model) => readModel(root, model));
    const [first] = models;
    const files =
      config.build === undefined
        ? serverFiles(root, target.platform, models)
        : folderFiles(path.resolve(root, config.build.context));
    return {
      name,
      namespace: config.namespace ?? physicalName(["modelport", stack]),
      config,
      exposure,
      env: first === undefined ? config.env : { DEFAULT_MODEL: first.name, ...config.env },
      source:
        config.image === undefined
          ? { context: stageContext(root, stack, name, files) }
          : { image: config.image },
      proof:
        first === undefined
          ? ownProof(config.prediction ?? { path: "/predict", body: {} })
          : goldenProof(first.golden),
    };
  });
}

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
    ...(dockerfile === undefined ? {} : { dockerfile }),
  }).ref;
}
