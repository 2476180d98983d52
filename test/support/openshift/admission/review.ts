import type { Account, Api, Followed } from "../api";
import { INTERNAL_REGISTRY, type Stored } from "../kinds";
import { admit } from "./admit";
import type { Pod } from "./pod";
import { annotationsOf, nextBlock, rangesOf } from "./ranges";
import { CHANGING, CHECKING } from "./webhooks";

/** https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#webhook-request-and-response */
export interface AdmissionRequest {
  readonly uid: string;
  readonly namespace?: string;
  readonly userInfo: UserInfo;
  readonly object: Proposed;
}

/** An object before it is one: it may not even have a name. */
interface Proposed {
  readonly metadata: {
    readonly name?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

interface UserInfo {
  readonly username: string;
  readonly groups?: readonly string[];
}

export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code: number; readonly message: string };
  readonly patchType?: "JSONPatch";
  /** Base64. */
  readonly patch?: string;
}

interface Operation {
  readonly op: "add";
  readonly path: string;
  readonly value: unknown;
}

export interface AdmissionContext {
  readonly api: Api;
  readonly namespaces: Followed<Stored>;
  /** Of the router: what hosts end in that nobody chose. */
  readonly domain: string;
}

/** Thrown by reviews: what the API server tells who asked. */
class Refusal extends Error {}

export class Admission {
  private lastBlock: number | undefined;

  constructor(private readonly context: AdmissionContext) {}

  /** @returns undefined for a path that is no webhook's */
  async review(path: string, request: AdmissionRequest): Promise<AdmissionResponse | undefined> {
    const { uid } = request;
    try {
      const operations = await this.operations(path, request);
      if (operations === undefined) return undefined;
      const patch = Buffer.from(JSON.stringify(operations)).toString("base64");
      return {
        uid,
        allowed: true,
        ...(operations.length === 0 ? {} : { patchType: "JSONPatch", patch }),
      };
    } catch (error) {
      const code = error instanceof Refusal ? 403 : 500;
      return { uid, allowed: false, status: { code, message: (error as Error).message } };
    }
  }

  private async operations(
    path: string,
    request: AdmissionRequest,
  ): Promise<Operation[] | undefined> {
    switch (path) {
      case CHANGING.namespaces.path:
        return annotate(request.object, annotationsOf(this.block()));
      case CHANGING.routes.path:
        return defaultHost(request, this.context.domain);
      case CHANGING.streams.path:
        return repository(request);
      case CHANGING.pods.path:
        return this.pod(request, false);
      case CHECKING.pods.path:
        return this.pod(request, true);
      default:
        return undefined;
    }
  }

  /** A block of users that no namespace has, nor one that is just being made. */
  block(): number {
    const taken = this.context.namespaces
      .values()
      .map(({ metadata }) => metadata.annotations ?? {});
    return (this.lastBlock = nextBlock(taken, this.lastBlock));
  }

  private async pod(request: AdmissionRequest, fixed: boolean): Promise<Operation[]> {
    const { namespace = "", userInfo } = request;
    const pod = request.object as Pod;
    const { serviceAccountName: account = "default" } = pod.spec;
    const forbid = (why: string) => {
      const name = pod.metadata.name ?? pod.metadata.generateName ?? "";
      return new Refusal(`pods "${name}" is forbidden: ${why}`);
    };
    const found = this.context.namespaces.get(`/${namespace}`);
    const ranges = (() => {
      try {
        return rangesOf(found?.metadata.annotations);
      } catch (error) {
        throw forbid((error as Error).message);
      }
    })();
    const user = { user: userInfo.username, groups: userInfo.groups ?? [] };
    const accounts = [user, serviceAccount(namespace, account)];
    const result = await admit(
      pod,
      ranges,
      async ({ name }) => {
        const answers = await Promise.all(
          accounts.map((one) => this.context.api.may(one, { ...CONSTRAINT, namespace, name })),
        );
        return answers.includes(true);
      },
      { fixed },
    );
    if ("refusals" in result)
      throw forbid(
        `unable to validate against any security context constraint: [${result.refusals.join(", ")}]`,
      );
    if (fixed) return [];
    const { metadata, spec } = result.pod;
    return [
      { op: "add", path: "/metadata/annotations", value: metadata.annotations },
      { op: "add", path: "/spec", value: spec },
    ];
  }
}

const CONSTRAINT = {
  group: "security.openshift.io",
  resource: "securitycontextconstraints",
  verb: "use",
};

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#service-account-tokens */
const serviceAccount = (namespace: string, name: string): Account => ({
  user: `system:serviceaccount:${namespace}:${name}`,
  groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
});

function annotate(
  { metadata }: Proposed,
  annotations: Readonly<Record<string, string>>,
): Operation[] {
  return [
    {
      op: "add",
      path: "/metadata/annotations",
      value: { ...annotations, ...metadata.annotations },
    },
  ];
}

/** Of a name in DNS: RFC 1035, 2.3.4. */
const LABEL_LENGTH = 63;

/**
 * A Route that names no host is given one when it is made: openshift/library-go, pkg/route/hostassignment.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/network_apis/route-route-openshift-io-v1 (spec.host)
 */
function defaultHost({ object, namespace = "" }: AdmissionRequest, domain: string): Operation[] {
  const { metadata, spec } = object as Proposed & { spec: { host?: string } };
  const { name = "" } = metadata;
  const given = spec.host ?? "";
  const host = given === "" ? `${name.replaceAll(".", "-")}-${namespace}.${domain}` : given;
  if (host.split(".").some((label) => label.length > LABEL_LENGTH))
    throw new Refusal(
      `Route.route.openshift.io "${name}" is invalid: spec.host: Invalid value: "${host}": must be no more than ${LABEL_LENGTH} characters`,
    );
  if (given !== "") return [];
  return [
    { op: "add", path: "/spec/host", value: host },
    ...annotate(object, { "openshift.io/host.generated": "true" }),
  ];
}

/**
 * Where the internal registry keeps a stream's images, told in the answer to its creation already.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/image_apis/imagestream-image-openshift-io-v1 (status.dockerImageRepository)
 */
function repository({ object, namespace = "" }: AdmissionRequest): Operation[] {
  const dockerImageRepository = `${INTERNAL_REGISTRY}/${namespace}/${object.metadata.name ?? ""}`;
  return [{ op: "add", path: "/status", value: { dockerImageRepository } }];
}
