/** What clouds and registries say when they refuse something, and the way out, which they rarely tell. */
import { isClassic } from "./doctor/cloud";
import type { StackSettings } from "./stack";

/** Under the first line of a remedy. */
const BESIDE = "\n       ";

export interface Refused {
  readonly stack: string;
  readonly target: string;
  /** Whether it is on IBM Cloud's classic infrastructure. Default: false. */
  readonly classic?: boolean;
}

export const refusedOf = (stack: string, settings: StackSettings): Refused => ({
  ...{ stack, target: settings.target, classic: isClassic(settings) },
});

/** How `down` ends where the cluster is gone. Of most clusters it finds that out itself; of an existing one the inventory can't be had either. */
function downOfGone({ stack, target, classic = false }: Refused): string {
  const down = `npm run down -- --stack ${stack}`;
  if (target === "existing") return `PULUMI_K8S_DELETE_UNREACHABLE=true ${down} --no-inventory`;
  return classic ? `PULUMI_K8S_DELETE_UNREACHABLE=true ${down}` : down;
}

interface Cause {
  readonly says: RegExp;
  /** Commands to paste, or where to go. */
  readonly fix: (found: RegExpExecArray, refused: Refused) => string;
}

const QUOTAS = "https://console.cloud.google.com/iam-admin/quotas";

const CAUSES: readonly Cause[] = [
  // https://docs.cloud.google.com/service-usage/docs/enable-disable
  {
    says: /has not been used in project (\S+) before or it is disabled[^]*?\/apis\/api\/([\w.-]+)\//,
    fix: ([, project, api]) =>
      `gcloud services enable ${api ?? ""} --project ${project ?? ""}   # then wait a minute`,
  },
  {
    says: /Permission denied to enable service \[([\w.-]+)\]/,
    fix: ([, api]) =>
      `have somebody with the role Service Usage Admin run: gcloud services enable ${api ?? ""}`,
  },
  // https://docs.cloud.google.com/docs/quotas/view-manage
  {
    says: /Quota '[\w-]+' exceeded|Quota exceeded for quota metric|Insufficient regional quota/i,
    fix: (_, { stack }) =>
      `ask for more at ${QUOTAS}, or take less of it: npm run cli -- doctor --stack ${stack} tells what counts`,
  },
  // https://cloud.ibm.com/docs/account?topic=account-known-issues
  {
    says: /maximum number of service IDs/i,
    fix: () =>
      "delete what nobody uses (ibmcloud iam service-ids, ibmcloud iam service-id-delete ID), or ask for more: https://cloud.ibm.com/unifiedsupport/cases",
  },
  // https://github.com/IBM-Cloud/terraform-provider-ibm/issues/1693
  {
    says: /\bover_quota\b/,
    fix: () =>
      "remove what nobody uses, or ask for more at https://cloud.ibm.com/unifiedsupport/cases; the quotas: https://cloud.ibm.com/docs/vpc?topic=vpc-quotas",
  },
  // https://cloud.ibm.com/docs/containers?topic=containers-classic-create-restriction
  {
    says: /E501e|Classic cluster creation is not supported/,
    fix: (_, { stack, target }) =>
      `take a VPC: pulumi config rm --path 'modelport:${target}.infrastructure' --stack ${stack}`,
  },
  // https://cloud.ibm.com/docs/Registry?topic=Registry-registry_quota
  {
    says: /exceeded its image storage quota/,
    fix: () =>
      "ibmcloud cr quota, then remove images (ibmcloud cr retention-run, ibmcloud cr image-rm) or ibmcloud cr plan-upgrade",
  },
  {
    says: /exceeded its pull traffic quota/,
    fix: () => "ibmcloud cr quota, then ibmcloud cr plan-upgrade, or wait for the next month",
  },
  // https://docs.cloud.google.com/iam/docs/keys-disable-enable
  {
    says: /invalid_grant|Invalid JWT Signature|Attempted to load application default credentials/,
    fix: () =>
      "gcloud auth application-default login, or a new key: gcloud iam service-accounts keys create FILE --iam-account EMAIL, then GOOGLE_APPLICATION_CREDENTIALS=FILE",
  },
  {
    says: /Request had invalid authentication credentials|ACCESS_TOKEN_EXPIRED/,
    fix: () =>
      "a new token: gcloud auth application-default login, or GOOGLE_OAUTH_ACCESS_TOKEN=$(gcloud auth print-access-token)",
  },
  // https://cloud.ibm.com/docs/account?topic=account-userapikey
  {
    says: /BXNIM0415E|API key could not be found/,
    fix: () => "ibmcloud iam api-key-create modelport --file key.json, then export IC_API_KEY",
  },
  // What Pulumi's Kubernetes provider says, and the program: it was deleted by hand, or the network is down.
  {
    says: /cluster is unreachable|the cluster doesn't answer|PULUMI_K8S_DELETE_UNREACHABLE/i,
    fix: (_, refused) =>
      `npm run cli -- inventory --stack ${refused.stack}   # is it still there? If not: ${downOfGone(refused)}   # forgets what was in it`,
  },
  // https://docs.cloud.google.com/iam/docs/permission-error-messages
  {
    says: /Required '([\w.]+)' permission for/,
    fix: ([, permission], { target }) =>
      `have the project's owner grant a role with ${permission ?? ""}: docs/targets/${target}.md lists the roles`,
  },
  {
    says: /iam\.serviceAccountUser role on the service account/,
    fix: (_, { target }) =>
      `have the project's owner grant roles/iam.serviceAccountUser: docs/targets/${target}.md lists the roles`,
  },
];

/**
 * The way out of what was refused.
 *
 * @param text what the engine and its plugins said
 * @returns a line a cause, in the order in which they were said; undefined where none of them is known
 */
export function wayOut(text: string, refused: Refused): string | undefined {
  const found = CAUSES.flatMap(({ says, fix }) => {
    const match = says.exec(text);
    return match === null ? [] : [{ at: match.index, line: fix(match, refused) }];
  });
  const lines = found.sort((a, b) => a.at - b.at).map(({ line }) => line);
  return lines.length === 0 ? undefined : [...new Set(lines)].join(BESIDE);
}
