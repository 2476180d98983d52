import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { imagePullers } from "../../../infra/manifests/role-binding";
import type { ClusterInfo } from "../../../local/cluster";
import { Authority } from "../../support/clouds/certificates";
import { startGateway } from "../../support/clouds/gateway/gateway";
import { freePort } from "../../support/environment";
import { type GitServer, serveGit } from "../../support/git-server";
import { type GitOverSsh, serveGitOverSsh } from "../../support/git-over-ssh";
import { Api, imageRegistry, type OpenShift, startOpenShift } from "../../support/openshift";
import type { Stored } from "../../support/openshift/kinds";
import type { World } from "../support/world";
import { whenThere } from "./when-there";

export const ROUTER = "127.213.250.1";
export const DOMAIN = "apps.example.com";

export const rbac = (of: string) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${of}`;
export const streams = (of: string) => `/apis/image.openshift.io/v1/namespaces/${of}/imagestreams`;

/** Tells who it runs as, and who asked; ends what it began when it is told to end. */
export const SERVER = `
const server = require("node:http").createServer((request, response) =>
  response.end(JSON.stringify({ user: process.getuid(), group: process.getgid(), headers: request.headers })),
);
server.listen(8080);
process.once("SIGTERM", () => server.close(() => process.exit(0)));
`;

/** Of the private repositories by https. */
export const LOGIN = { user: "ci", password: "s3cret/+" };

/** The embedded cluster as an OpenShift, with repositories near it. */
export interface OpenShiftPlace {
  readonly world: World;
  readonly cluster: ClusterInfo;
  readonly authority: Authority;
  readonly openshift: OpenShift;
  readonly api: Api;
  /** Where everyone may read. */
  readonly git: GitServer;
  /** Where nobody may read but with LOGIN, or by ssh with a key. */
  readonly privateGit: GitServer;
  readonly ssh: GitOverSsh;
  /** File with the names that the router hands out. */
  readonly hosts: string;
}

/** @param world ends it all */
export async function startPlace(world: World): Promise<OpenShiftPlace> {
  const folder = (name: string) => path.join(world.folder, name);
  const authority = Authority.load(folder("authority"));
  const here = (world.env["MODELPORT_LINK"] ?? "").replace(/0\/30$/, "1");
  const port = await freePort();
  const cluster = await world.startCluster({
    MODELPORT_CLUSTER_PROXY: `http://${here}:${port}`,
    MODELPORT_CLUSTER_CA: path.join(folder("authority"), "ca.pem"),
  });
  const api = await Api.connect(cluster.kubeconfig);
  world.defer(() => api.close());
  const gateway = await startGateway({
    address: here,
    port,
    ca: authority,
    upstream: `http://127.0.0.1:${cluster.ports.registry}`,
    hosts: [imageRegistry(cluster.kubeconfig)],
  });
  world.defer(() => gateway.close());
  const hosts = folder("hosts");
  fs.writeFileSync(hosts, "127.0.0.1 localhost\n");
  world.useHosts(hosts);
  const openshift = await startOpenShift({
    kubeconfig: cluster.kubeconfig,
    dockerHost: cluster.dockerHost,
    address: ROUTER,
    domain: DOMAIN,
    hosts,
    webhook: { address: here, port: 0 },
    authority,
    folder: folder("openshift"),
  });
  world.defer(() => openshift.stop());
  const git = await serveGit({ folder: folder("git"), authority });
  world.defer(() => git.close());
  const privateGit = await serveGit({ folder: folder("private-git"), authority, login: LOGIN });
  world.defer(() => privateGit.close());
  const ssh = await serveGitOverSsh({
    folder: folder("ssh"),
    repositories: path.join(folder("private-git"), "bare"),
  });
  world.defer(() => ssh.close());
  await furnish(api);
  return { world, cluster, authority, openshift, api, git, privateGit, ssh, hosts };
}

/** Namespaces of builds, of what is built there, and of others. */
async function furnish(api: Api): Promise<void> {
  for (const name of ["team", "team-builds", "other"]) await makeNamespace(api, name);
  const binding = imagePullers({ namespace: "team-builds", pullers: "team", stack: "test" });
  await create(api, `${rbac("team-builds")}/rolebindings`, binding);
  const stream = await create(api, streams("team-builds"), {
    apiVersion: "image.openshift.io/v1",
    kind: "ImageStream",
    metadata: { name: "app", namespace: "team-builds" },
    spec: { lookupPolicy: { local: false } },
  });
  assert.match(
    JSON.stringify(stream),
    /"dockerImageRepository":"image-registry\.openshift-image-registry\.svc:5000\/team-builds\/app"/,
    "is told where its images are by the answer to its creation",
  );
}

export async function create<T = Stored>(api: Api, collection: string, object: object): Promise<T> {
  const made = await api.create<T>(collection, object);
  assert.ok(made !== undefined, `${collection} has it already`);
  return made;
}

/** @param furnished whether to wait until its accounts have what OpenShift gives them */
export async function makeNamespace(api: Api, name: string, furnished = true): Promise<void> {
  await create(api, "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  });
  for (const account of furnished ? ["default", "builder"] : [])
    await whenThere(async () => {
      const found = await api.get<{ imagePullSecrets?: unknown[] }>(
        `/api/v1/namespaces/${name}/serviceaccounts/${account}`,
      );
      return found?.imagePullSecrets;
    });
}
