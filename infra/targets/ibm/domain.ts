import { setTimeout as pause } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { messageOf, ProgramError } from "../../errors";
import { apiRequest, readContext } from "../../kubeconfig";
import { isOffline } from "../../offline-mode";

/** The domain that IBM Cloud gives a cluster, and what is asked of it. */
export interface DomainArgs {
  readonly stack: string;
  readonly cluster: string;
  readonly domain: pulumi.Output<string>;
  /** Name of the Secret with its certificate. */
  readonly domainSecret: pulumi.Output<string>;
  readonly kubeconfig: pulumi.Output<string>;
}

/** How long a certificate may take to be issued and brought to the cluster. */
export interface Patience {
  readonly timeoutMs: number;
  readonly pauseMs: number;
}

const PATIENCE: Patience = { timeoutMs: 15 * 60_000, pauseMs: 10_000 };

/** @throws ProgramError where there is none: IBM Cloud gives it when the first workers are there, and the cluster's record is read once */
export function knownDomain({ stack, cluster, domain }: DomainArgs): pulumi.Output<string> {
  return domain.apply((name) => {
    if (name !== "") return name;
    throw new ProgramError("the cluster has no Ingress domain yet", {
      why: "IBM Cloud told none when the cluster was made",
      fix: `ibmcloud ks cluster get --cluster ${cluster}   tells it; then: pulumi up --refresh --stack ${stack}`,
    });
  });
}

/** Id of the Secret with the domain's certificate, in an update once it is there: nothing that the cluster waits for promises it. */
export function certificateId(args: DomainArgs): pulumi.Output<string> {
  const { domainSecret, kubeconfig } = args;
  return pulumi.all([domainSecret, pulumi.unsecret(kubeconfig)]).apply(async ([name, text]) => {
    if (name === "") throw noCertificate(args, "IBM Cloud named none when the cluster was made");
    if (!pulumi.runtime.isDryRun() && !isOffline()) await awaitCertificate(args, name, text);
    return `default/${name}`;
  });
}

type Asked = Pick<DomainArgs, "stack" | "cluster">;

/** @throws ProgramError with the last answer */
export async function awaitCertificate(
  asked: Asked,
  name: string,
  kubeconfig: string,
  { timeoutMs, pauseMs }: Patience = PATIENCE,
): Promise<void> {
  const context = await readContext(kubeconfig);
  const path = `/api/v1/namespaces/default/secrets/${name}`;
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await apiRequest(context, path).then(
      ({ status }) => (status === 200 ? undefined : `the API server answers ${status}`),
      messageOf,
    );
    if (answer === undefined) return;
    if (Date.now() + pauseMs > end)
      throw noCertificate(asked, `Secret ${name} in namespace default: ${answer}`);
    await pause(pauseMs);
  }
}

const noCertificate = ({ stack, cluster }: Asked, why: string) =>
  new ProgramError("the cluster's Ingress domain has no certificate yet", {
    why,
    fix: `ibmcloud ks ingress secret ls --cluster ${cluster}   tells how far it is; then: pulumi up --refresh --stack ${stack}. Or tls: none until then`,
  });
