import type { TargetCheck } from "../check-target";
import { recordAt, serviceDrafts } from "../drafts";
import { PROJECT, removeCommand, setCommand, type FaultContext, type Values } from "../faults";
import type { Fault } from "../../errors";
import { LANGUAGES } from "../../git-languages";
import { checkIbm, closedNamespace, mirroredIn } from "./check-ibm";
import { LEAST_WORKERS } from "./openshift";

type Section = Readonly<Record<string, unknown>>;

const AT = `${PROJECT}:openshift`;

/** Cores and gigabytes of a worker at least: https://cloud.ibm.com/docs/openshift?topic=openshift-planning_worker_nodes */
const LEAST_CORES = 4;
const LEAST_GIGABYTES = 16;

/** Hosts of Git that are reached through the internet only. */
const PUBLIC_HOSTS =
  /[/@](?:[a-z0-9-]+\.)*(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|sr\.ht|azure\.com|visualstudio\.com)[/:]/i;

/** Where builder images are within reach of a cluster that may not call the internet: IBM's registry, the cluster's own. */
const NEAR_REGISTRIES =
  /^(?:(?:[a-z]{2}\d?\.)?icr\.io|image-registry\.openshift-image-registry\.svc:5000)\//;

/** What OpenShift wants beyond other clusters of IBM Cloud. */
export const checkOpenShift: TargetCheck = (values, context) => {
  const section = recordAt(values, "openshift");
  return [
    ...checkIbm("openshift", values, context),
    ...workerFaults(section, context),
    ...flavorFaults(section, context),
    ...storageFaults(section, context),
    ...outboundFaults(section, context),
    ...builderFaults(section, context),
    ...gpuFaults(section, context),
    ...routeFaults(context),
  ];
};

/** One worker can't hold what OpenShift itself runs twice. */
function workerFaults(section: Section, { stack }: FaultContext): Fault[] {
  const { workersPerZone = LEAST_WORKERS, zones } = section;
  const zoneCount =
    Array.isArray(zones) && section["infrastructure"] !== "classic" ? zones.length : 1;
  if (typeof workersPerZone !== "number" || workersPerZone * zoneCount >= LEAST_WORKERS) return [];
  return [
    {
      key: `${AT}.workersPerZone`,
      got: `${workersPerZone}, in ${zoneCount} zone`,
      allowed: `${LEAST_WORKERS} workers in all at least: OpenShift runs its own parts on two`,
      fix: setCommand(`${AT}.workersPerZone`, String(LEAST_WORKERS), stack),
    },
  ];
}

function flavorFaults({ flavor, infrastructure }: Section, { stack }: FaultContext): Fault[] {
  const [, cores, gigabytes] = /^[a-z0-9]+\.(\d+)x(\d+)/.exec(String(flavor)) ?? [];
  if (cores === undefined) return [];
  if (Number(cores) >= LEAST_CORES && Number(gigabytes) >= LEAST_GIGABYTES) return [];
  const smallest = infrastructure === "classic" ? "b3c.4x16" : "bx2.4x16";
  return [
    {
      key: `${AT}.flavor`,
      got: `"${String(flavor)}", ${cores} cores and ${gigabytes ?? "0"} GB`,
      allowed: `${LEAST_CORES} cores and ${LEAST_GIGABYTES} GB at least, e.g. ${smallest}`,
      fix: setCommand(`${AT}.flavor`, smallest, stack),
    },
  ];
}

function storageFaults(section: Section, { stack }: FaultContext): Fault[] {
  if (section["cosInstanceCrn"] === undefined || section["infrastructure"] !== "classic") return [];
  return [
    {
      key: `${AT}.cosInstanceCrn`,
      got: "a Cloud Object Storage instance, on classic infrastructure",
      allowed: "nothing: the cluster brings a volume for its registry",
      fix: removeCommand(`${AT}.cosInstanceCrn`, stack),
    },
  ];
}

/** What services are built from, by their names. */
const gitDrafts = (values: Values) =>
  serviceDrafts(values)
    .map(([name, draft]) => [name, recordAt(recordAt(draft, "build"), "git")] as const)
    .filter(([, git]) => typeof git["repository"] === "string");

/** https://cloud.ibm.com/docs/openshift?topic=openshift-sbd-allow-outbound */
function outboundFaults(section: Section, { stack, values }: FaultContext): Fault[] {
  const { disableOutboundTrafficProtection: open, infrastructure } = section;
  if (open === true || infrastructure === "classic") return [];
  const key = `${AT}.disableOutboundTrafficProtection`;
  return gitDrafts(values).flatMap(([name, git]): Fault[] => {
    const far = farSource(git, values);
    if (far === undefined) return [];
    return [
      {
        key,
        got: `false, though service ${name} is built ${far}`,
        allowed: `true: builds fetch what they need${
          far === FROM_INTERNET
            ? ""
            : "; or images.mirrors that lead to icr.io, or strategy docker with base images there"
        }`,
        fix: setCommand(key, "true", stack),
      },
    ];
  });
}

const FROM_INTERNET = "from a repository in the internet";

/** What a build would call the internet for, as far as config tells: a Dockerfile's images are not in it. */
function farSource(git: Section, values: Values): string | undefined {
  const { repository, strategy } = git;
  if (PUBLIC_HOSTS.test(String(repository))) return FROM_INTERNET;
  if (strategy === "docker") return undefined;
  const far = builderImages(git).find((image) => !NEAR_REGISTRIES.test(mirroredIn(values, image)));
  if (far === undefined) return undefined;
  return git["builderImage"] === far
    ? `with the image ${far}`
    : `with Red Hat's image for its language, such as ${far}`;
}

/** Left out, it is the language's, which only the repository tells. */
const builderImages = ({ builderImage }: Section): readonly string[] =>
  typeof builderImage === "string" ? [builderImage] : LANGUAGES.map((one) => one.builderImage);

/** Builder images that the builds' login is not for. */
function builderFaults(section: Section, { stack, values }: FaultContext): Fault[] {
  return gitDrafts(values).flatMap(([name, git]) => {
    if (git["strategy"] === "docker") return [];
    const key = `${PROJECT}:services.${name}.build.git.builderImage`;
    const place = { at: AT, section, stack };
    return builderImages(git)
      .map((image) => closedNamespace(key, image, place, values))
      .filter((fault) => fault !== undefined)
      .slice(0, 1);
  });
}

/** https://docs.nvidia.com/datacenter/cloud-native/openshift/latest/index.html */
const NO_GPU =
  "nothing: OpenShift offers GPUs to pods with NVIDIA's GPU Operator only, which is not installed here; target iks has GPUs";

function gpuFaults(section: Section, { stack, values }: FaultContext): Fault[] {
  const keys = serviceDrafts(values).flatMap(([name, { gpu }]) =>
    gpu === undefined ? [] : [`${PROJECT}:services.${name}.gpu`],
  );
  if ("gpuPool" in section) keys.unshift(`${AT}.gpuPool`);
  return keys.map((key) => ({
    key,
    got: "GPUs, on target openshift",
    allowed: NO_GPU,
    fix: removeCommand(key, stack),
  }));
}

/** The cluster's own domain, which the router's certificate is for. */
const PLATFORM_DOMAIN = /\.appdomain\.cloud$/;

/** Nobody would trust the router's certificate under another name. */
function routeFaults({ stack, values }: FaultContext): Fault[] {
  return serviceDrafts(values).flatMap(([name, { exposure = "Route", host, tls }]): Fault[] => {
    if (exposure !== "Route" || tls !== "managed" || typeof host !== "string") return [];
    if (PLATFORM_DOMAIN.test(host)) return [];
    const key = `${PROJECT}:services.${name}.tls`;
    return [
      {
        key,
        got: `managed, with the host "${host}"`,
        allowed:
          "your host's certificate and key, or none: the router's is for the cluster's domain",
        fix: `${setCommand(key, "none", stack)}   or   ${removeCommand(`${PROJECT}:services.${name}.host`, stack)}`,
      },
    ];
  });
}
