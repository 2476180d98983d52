/**
 * Builds in an OpenShift cluster, from Git. A namespace of builds stands beside each namespace of services: a build's pod is privileged,
 * and the services' pods may only be restricted. What is built is pushed to the cluster's own registry and deployed by digest.
 */
import * as pulumi from "@pulumi/pulumi";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { Namespace, Secret } from "@pulumi/kubernetes/core/v1";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1";
import { ProgramError } from "../../errors";
import type { GitSource } from "../../git-source";
import { build, type Build, type BuildStatus } from "../../manifests/build";
import { imageStream, type ImageStreamStatus } from "../../manifests/image-stream";
import { labels, type ServiceIdentity } from "../../manifests/labels";
import { namespace } from "../../manifests/namespace";
import { imagePullers } from "../../manifests/role-binding";
import { dockerConfigJson, pullSecret } from "../../manifests/secret";
import { physicalName } from "../../naming";
import type { Cluster, GitBuildArgs, RegistryLogin } from "../target";

/**
 * @param login for builder images on its servers. Default: none
 * @returns a cluster's `buildFromGit`
 */
export function gitBuilder(
  provider: pulumi.ProviderResource,
  login?: RegistryLogin,
): NonNullable<Cluster["buildFromGit"]> {
  const spaces = new Map<string, BuildNamespace>();
  return (name, args) => {
    const space = spaces.get(args.namespace) ?? new BuildNamespace(args, provider);
    spaces.set(args.namespace, space);
    return new GitBuild(name, args, { space, provider, login }).ref;
  };
}

/** Holds the builds of one namespace's services. */
class BuildNamespace extends pulumi.ComponentResource {
  readonly name: string;
  readonly contents: readonly pulumi.Resource[];

  constructor({ namespace: pullers, stack }: GitBuildArgs, provider: pulumi.ProviderResource) {
    const name = physicalName([pullers, "builds"]);
    super("modelport:index:BuildNamespace", name, {}, {});
    const own = { parent: this, provider };
    const space = new Namespace(name, namespace({ name, stack, podSecurity: "privileged" }), own);
    const binding = new RoleBinding(name, imagePullers({ namespace: name, pullers, stack }), {
      ...own,
      dependsOn: [space],
    });
    this.name = name;
    this.contents = [space, binding];
    this.registerOutputs({ name });
  }
}

interface BuildPlace {
  readonly space: BuildNamespace;
  readonly provider: pulumi.ProviderResource;
  readonly login: RegistryLogin | undefined;
}

/** One commit built. */
class GitBuild extends pulumi.ComponentResource {
  /** Image in the cluster's registry, by digest. */
  readonly ref: pulumi.Output<string>;

  constructor(name: string, { service, stack, source }: GitBuildArgs, place: BuildPlace) {
    super("modelport:index:GitBuild", name, {}, {});
    const identity = { stack, service };
    const { space, provider } = place;
    const own = { parent: this, provider, dependsOn: [...space.contents] };
    const stream = new ImageStreamResource(name, identity, space.name, own);
    const needs: pulumi.Input<pulumi.Resource>[] = [
      // Asked before the build, which would wait for a registry until its time is over.
      stream.status.apply((status) => {
        if (status !== undefined || !pulumi.runtime.isDryRun()) checkRegistry(stack, status);
        return stream;
      }),
    ];
    const sourceSecret = physicalName([service, "git"]);
    if (source.credentials !== undefined) {
      const { type, data } = source.credentials;
      const metadata = { name: sourceSecret, namespace: space.name, labels: labels(identity) };
      needs.push(new Secret(`${name}-git`, { metadata, type, stringData: data }, own));
    }
    const builderSecret = physicalName([service, "builder"]);
    const builderLogin = loginFor(source, place.login);
    if (builderLogin !== undefined) {
      const manifest = pullSecret({
        name: builderSecret,
        namespace: space.name,
        stack,
        dockerConfigJson: builderLogin,
      });
      needs.push(new Secret(`${name}-builder`, manifest, own));
    }
    const manifest = build({
      identity,
      namespace: space.name,
      source,
      ...(source.credentials === undefined ? {} : { sourceSecret }),
      ...(builderLogin === undefined ? {} : { pullSecret: builderSecret }),
    });
    const run = new BuildResource(name, manifest, {
      ...own,
      dependsOn: [...own.dependsOn, ...needs],
    });
    this.ref = run.status.apply((status) => {
      if (status === undefined && pulumi.runtime.isDryRun()) return UNKNOWN;
      return builtImage({ stack, service, source, build: manifest }, status ?? {});
    });
    this.registerOutputs({ ref: this.ref });
  }
}

/** What an output resolves to in a preview that can't tell its value; Pulumi's own marker, which fits any type. */
const UNKNOWN = pulumi.unknown as unknown as string;

/** Content of a pull secret for the builder image; undefined where the login is for other hosts: the cluster's own would not count beside it. */
function loginFor(
  { strategy }: GitSource,
  login: RegistryLogin | undefined,
): pulumi.Output<string> | undefined {
  if (strategy.kind === "docker" || login === undefined) return undefined;
  const { user, password, servers = [] } = login;
  const [host = ""] = strategy.builderImage.split("/");
  if (!servers.includes(host)) return undefined;
  return pulumi.secret(password.apply((text) => dockerConfigJson(host, user, text)));
}

/** An ImageStream with what the cluster says of it. */
class ImageStreamResource extends CustomResource {
  declare readonly status: pulumi.Output<ImageStreamStatus | undefined>;

  constructor(
    name: string,
    identity: ServiceIdentity,
    namespace: string,
    options: pulumi.CustomResourceOptions,
  ) {
    super(name, { ...imageStream({ identity, namespace }), status: undefined }, options);
  }
}

/** @throws ProgramError where the cluster has no registry of its own */
function checkRegistry(stack: string, status: ImageStreamStatus | undefined): void {
  if (status?.dockerImageRepository !== undefined) return;
  throw new ProgramError("the cluster has no image registry of its own to build into", {
    why: "its ImageStreams name no repository: the registry was removed, has no storage, or isn't up yet",
    fix: `oc get configs.imageregistry.operator.openshift.io cluster -o yaml   tells which (managementState: Managed and storage bring it up: https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/registry/setting-up-and-configuring-the-registry); then: pulumi up --refresh --stack ${stack}. Or build here: build.context instead of build.git`,
  });
}

/** A Build with what the cluster says of it. */
class BuildResource extends CustomResource {
  declare readonly status: pulumi.Output<BuildStatus | undefined>;

  constructor(name: string, manifest: Build, options: pulumi.CustomResourceOptions) {
    super(name, { ...manifest, status: undefined }, options);
  }
}

interface BuildFacts {
  readonly stack: string;
  readonly service: string;
  readonly source: GitSource;
  readonly build: Build;
}

/** @throws ProgramError when the build failed, with the end of its log */
export function builtImage(
  { stack, service, source, build: { metadata } }: BuildFacts,
  status: BuildStatus,
): string {
  const { phase, reason, message, logSnippet, outputDockerImageReference: reference } = status;
  const digest = status.output?.to?.imageDigest;
  if (phase === "Complete" && reference !== undefined && digest !== undefined)
    return `${reference.replace(/:[^:/]+$/, "")}@${digest}`;
  const logs = `kubectl logs -n ${metadata.namespace} ${metadata.name}-build`;
  const again = `pulumi config set --path 'modelport:services.${service}.build.git.rebuild' ${source.rebuild + 1} --stack ${stack}`;
  const what = `service ${service}: ${source.repository} at ${source.commit}`;
  // An update that was interrupted did not wait.
  if (phase === undefined || RUNNING.includes(phase))
    throw new ProgramError(`${what} is still being built in the cluster`, {
      why: `build ${metadata.name} is ${phase ?? "New"}`,
      fix: `${logs}; when it has ended: pulumi up --refresh --stack ${stack}`,
    });
  const mend =
    reason === "FetchSourceFailed"
      ? `The cluster must reach the repository, and a private one needs modelport:services.${service}.build.git.credentials, set with --secret; then`
      : "Push what mends it and run again, or";
  throw new ProgramError(`${what} could not be built in the cluster`, {
    why: [
      phase === "Complete"
        ? "the build ended well, but the registry told no digest"
        : `build ${phase}: ${[reason, message].filter(Boolean).join(", ")}`,
      ...(logSnippet ?? "").split("\n").filter((line) => line.trim() !== ""),
    ].join("\n       "),
    fix: `${logs} tells all. ${mend} build the same commit again: ${again}`,
  });
}

const RUNNING: readonly string[] = ["New", "Pending", "Running"];
