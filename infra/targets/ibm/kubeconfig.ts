import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { getContainerClusterConfig } from "@pulumi/ibm/getContainerClusterConfig";
import { kubeconfigText } from "../kubeconfig-text";
import type { IbmContext } from "./context";

/** How to log in, as IBM Cloud tells it: PEM, not base64. */
export interface ClusterLogin {
  /** https://… */
  readonly host: string;
  /** Of the API server's authority. Default: one that every machine trusts, as OpenShift's. */
  readonly caCertificate?: string;
  readonly user:
    { readonly certificate: string; readonly key: string } | { readonly token: string };
}

/** A kubeconfig of a login. @param name of cluster, user and context */
export function loginText(name: string, { host, caCertificate, user }: ClusterLogin): string {
  return kubeconfigText({
    name,
    server: host,
    ...(caCertificate === undefined || caCertificate === ""
      ? {}
      : { certificateAuthority: base64(caCertificate) }),
    user:
      "token" in user
        ? user
        : {
            "client-certificate-data": base64(user.certificate),
            "client-key-data": base64(user.key),
          },
  });
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** Of a cluster that is there. Secret: IBM Cloud's answer is not marked as such (pulumi-terraform-bridge#2887). */
export function kubeconfigOf(
  { config, own, resourceGroupId }: IbmContext,
  name: string,
  clusterId: pulumi.Output<string>,
): pulumi.Output<string> {
  const admin = config.kubeconfig === "admin";
  const text = pulumi.all([clusterId, resourceGroupId]).apply(([clusterNameId, groupId]) =>
    withDownloads(async (configDir) => {
      const group = groupId === undefined ? {} : { resourceGroupId: groupId };
      const { host, caCertificate, adminCertificate, adminKey, token } =
        await getContainerClusterConfig({ clusterNameId, admin, configDir, ...group }, own);
      return loginText(name, {
        host,
        caCertificate,
        user: admin ? { certificate: adminCertificate, key: adminKey } : { token },
      });
    }),
  );
  return pulumi.secret(text);
}

/**
 * The provider writes the login that it gets to files, by default into the home directory. Without `download` it reads the files of
 * before and tells no login, so they are made, and taken away at once.
 * https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/data-sources/container_cluster_config
 */
async function withDownloads<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-ibm-"));
  try {
    return await use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
