import { createHash } from "node:crypto";
import { type Api, type Followed, Reconciler } from "../api";
import type { Admission } from "../admission/review";
import { annotationsOf, isAnnotated } from "../admission/ranges";
import {
  INTERNAL_REGISTRY,
  PRIVILEGED_NAMESPACES,
  type ServiceAccount,
  type Stored,
} from "../kinds";

const TOKEN_SECONDS = 24 * 3600;

/** Name of the account that builds are made as. */
export const BUILDER = "builder";

/**
 * What OpenShift puts into every namespace: ranges of users, the account `builder`, who may pull and push images, and for each account a login
 * to the internal registry.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/authentication_and_authorization/using-service-accounts#service-accounts-default_using-service-accounts
 */
export class Accounts {
  private readonly accounts: Followed<ServiceAccount>;
  private readonly reconciler: Reconciler;

  constructor(
    private readonly api: Api,
    private readonly namespaces: Followed<Stored>,
    private readonly admission: Admission,
    log: (line: string) => void,
  ) {
    this.reconciler = new Reconciler("accounts", () => this.reconcile(), log);
    namespaces.onChange(() => this.reconciler.request());
    this.accounts = api.follow("/api/v1/serviceaccounts");
    this.accounts.onChange(() => this.reconciler.request());
  }

  async synced(): Promise<void> {
    await Promise.all([this.namespaces.synced, this.accounts.synced]);
  }

  /** @param listener called after each change of an account */
  onChange(listener: () => void): void {
    this.accounts.onChange(listener);
  }

  stop(): Promise<void> {
    return this.reconciler.stop();
  }

  /** The login to the internal registry that an account has; undefined until it was given one. */
  loginOf(namespace: string, account: string): string | undefined {
    const found = this.accounts.get(`${namespace}/${account}`);
    return found?.imagePullSecrets?.find(isOurs)?.name;
  }

  private async reconcile(): Promise<void> {
    await this.synced();
    const own = this.namespaces
      .values()
      .filter(
        ({ metadata }) =>
          metadata.deletionTimestamp === undefined &&
          !PRIVILEGED_NAMESPACES.includes(metadata.name),
      );
    const names = new Set(own.map(({ metadata }) => metadata.name));
    await Promise.all([
      ...own.map((namespace) => this.furnish(namespace)),
      ...this.accounts
        .values()
        .filter(({ metadata }) => names.has(metadata.namespace ?? ""))
        .filter(({ imagePullSecrets = [] }) => !imagePullSecrets.some(isOurs))
        .map((account) => this.giveLogin(account)),
    ]);
  }

  /** Those that were there before the webhooks have no annotations yet. */
  private async furnish({ metadata }: Stored): Promise<void> {
    const { name } = metadata;
    if (!isAnnotated(metadata.annotations))
      await this.api.apply(`/api/v1/namespaces/${name}`, {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: {
          name,
          // Another one may have annotated it meanwhile: then it is looked at again.
          resourceVersion: metadata.resourceVersion,
          annotations: annotationsOf(this.admission.block()),
        },
      });
    if (this.accounts.get(`${name}/${BUILDER}`) !== undefined) return;
    const rbac = "rbac.authorization.k8s.io";
    const bind = (binding: string, role: string, subject: object) =>
      this.api.create(`/apis/${rbac}/v1/namespaces/${name}/rolebindings`, {
        apiVersion: `${rbac}/v1`,
        kind: "RoleBinding",
        metadata: { name: binding, namespace: name },
        roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
        subjects: [subject],
      });
    await Promise.all([
      bind("system:image-pullers", "system:image-puller", {
        apiGroup: rbac,
        kind: "Group",
        name: `system:serviceaccounts:${name}`,
      }),
      bind("system:image-builders", "system:image-builder", {
        kind: "ServiceAccount",
        name: BUILDER,
        namespace: name,
      }),
      this.api.create(`/api/v1/namespaces/${name}/serviceaccounts`, {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: BUILDER, namespace: name },
      }),
    ]);
  }

  /** openshift/openshift-controller-manager, pkg/internalregistry: a token of the account as a Secret, named by the account. */
  private async giveLogin(account: ServiceAccount): Promise<void> {
    const { name, namespace = "", uid = "" } = account.metadata;
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`;
    const { status } = await this.api.ask<{ status: { token: string } }>(`${path}/token`, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds: TOKEN_SECONDS },
    });
    const secret = `${name}-dockercfg-${createHash("sha256").update(uid).digest("hex").slice(0, 5)}`;
    await this.api.create(`/api/v1/namespaces/${namespace}/secrets`, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: secret,
        namespace,
        annotations: { "openshift.io/internal-registry-auth-token.service-account": name },
        ownerReferences: [{ apiVersion: "v1", kind: "ServiceAccount", name, uid }],
      },
      type: "kubernetes.io/dockercfg",
      stringData: { ".dockercfg": JSON.stringify(dockercfg(status.token)) },
    });
    await this.api.replace(path, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      ...account,
      imagePullSecrets: [...(account.imagePullSecrets ?? []), { name: secret }],
    });
  }
}

const isOurs = ({ name }: { name: string }) => /-dockercfg-[0-9a-f]{5}$/.test(name);

function dockercfg(token: string): object {
  const auth = Buffer.from(`serviceaccount:${token}`).toString("base64");
  return {
    [INTERNAL_REGISTRY]: {
      username: "serviceaccount",
      password: token,
      email: "serviceaccount@example.org",
      auth,
    },
  };
}
