import type { Cloud } from "../cloud";
import { clusterToken } from "../handed-out";
import type { CloudFunction } from "../kind";
import { text } from "../values";
import { findCluster, isOpenShift } from "./cluster-rules";
import { clusterNotFound, Refusal } from "./errors";
import { flag } from "./values";

/** Lives of logins: https://cloud.ibm.com/docs/openshift?topic=openshift-access_cluster, https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey */
const TOKEN_SECONDS = { kubernetes: 3600, openshift: 24 * 3600 } as const;

/**
 * How to log in to a cluster, in PEM; of OpenShift the authority is not told.
 * https://github.com/IBM-Cloud/bluemix-go/blob/master/api/container/containerv2/clusters.go
 */
export const getClusterConfig: CloudFunction = async (inputs, cloud) => {
  const name = text(inputs, "clusterNameId");
  const cluster = findCluster(cloud, name);
  if (cluster === undefined)
    throw new Refusal(
      "login-without-cluster",
      `[ERROR] Error downloading the cluster config [${name}]: ${clusterNotFound().message}`,
    );
  const openshift = isOpenShift(cluster.inputs);
  const { kubernetes } = cloud;
  const admin = flag(inputs, "admin");
  return {
    ...inputs,
    id: cluster.id,
    host: kubernetes.server.origin,
    caCertificate: openshift ? "" : pem(kubernetes.certificateAuthority),
    adminCertificate: admin ? pem(kubernetes.admin.certificate) : "",
    adminKey: admin ? pem(kubernetes.admin.key) : "",
    token: await login(cloud, TOKEN_SECONDS[openshift ? "openshift" : "kubernetes"]),
    configDir: text(inputs, "configDir"),
    configFilePath: "",
    calicoConfigFilePath: "",
  };
};

const login = ({ kubernetes }: Cloud, seconds: number): Promise<string> =>
  clusterToken(kubernetes, "ibm-cloud-user", seconds);

const pem = (data: string): string => Buffer.from(data, "base64").toString();
