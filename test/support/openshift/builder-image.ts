import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { ClusterInfo } from "../../../local/cluster";
import { silentProgress } from "../../../local/progress";
import { ensureTools } from "../../../local/toolchain";
import { program } from "./builds/run";

const SCRIPTS = "/usr/libexec/s2i";

const ASSEMBLE = `#!/bin/sh
# Fails as a package manager would: nothing to run.
set -e
cp -r /tmp/src/. /opt/app-root/src/
test -f /opt/app-root/src/server.js || { echo "error: there is no server.js" >&2; exit 1; }
echo "---> server.js is there"
`;

const RUN = `#!/bin/sh
exec node /opt/app-root/src/server.js
`;

/** https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/images/creating-images#images-create-s2i_create-images */
const dockerfile = (base: string) => `FROM ${base}
USER 0
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY s2i ${SCRIPTS}
ENV PATH=/nodejs/bin:/bin
RUN mkdir -p /opt/app-root/src && chown -R 1001:0 /opt/app-root && chmod -R g=u /opt/app-root
LABEL io.openshift.s2i.scripts-url=image://${SCRIPTS} io.openshift.expose-services=8080:http
WORKDIR /opt/app-root/src
USER 1001
ENTRYPOINT []
`;

/**
 * A builder image for source-to-image in the embedded cluster's registry: programs of one file, server.js, on the base image's Node; its shell is
 * busybox. Called as Red Hat's image for Node.js is in a mirror. @returns its reference
 */
export async function provideBuilderImage(cluster: ClusterInfo): Promise<string> {
  const { busybox } = await ensureTools(["busybox"], { progress: silentProgress() });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-builder-"));
  const reference = `${cluster.registry.server}/ubi9/nodejs-22:latest`;
  try {
    fs.copyFileSync(busybox.bin["busybox"] ?? "", path.join(folder, "busybox"));
    fs.mkdirSync(path.join(folder, "s2i"));
    for (const [name, text] of Object.entries({ assemble: ASSEMBLE, run: RUN }))
      fs.writeFileSync(path.join(folder, "s2i", name), text, { mode: 0o755 });
    fs.writeFileSync(path.join(folder, "Dockerfile"), dockerfile(cluster.baseImage));
    const docker = async (...args: string[]) => {
      const context = { log: () => undefined, signal: new AbortController().signal };
      const env = {
        DOCKER_HOST: cluster.dockerHost,
        DOCKER_CONFIG: path.join(folder, "docker"),
        DOCKER_BUILDKIT: "0",
      };
      const argv = [path.join(cluster.dockerCli, "docker"), ...args];
      const { code, output } = await program(argv, context, { env });
      if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${output}`);
    };
    await docker("build", "--tag", reference, folder);
    await docker("push", reference);
    return reference;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
