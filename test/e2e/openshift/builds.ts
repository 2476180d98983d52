import * as assert from "node:assert/strict";
import { provideBuilderImage } from "../../support/openshift";
import type { Build } from "../../support/openshift/kinds";
import { eventually } from "../support/eventually";
import { whenThere } from "./when-there";
import { create, LOGIN, makeNamespace, type OpenShiftPlace, rbac, SERVER, streams } from "./place";

const NAMED = { apiVersion: "build.openshift.io/v1", kind: "Build" };

const pathOf = ({ metadata }: Build) =>
  `/apis/build.openshift.io/v1/namespaces/${metadata.namespace}/builds/${metadata.name}`;

/** What builds do, and how they fail, without the program. */
export function builds(start: () => OpenShiftPlace): void {
  describe("builds", () => {
    let place: OpenShiftPlace;
    before(() => {
      place = start();
    });

    let commit: string;
    let builder: string;

    before(async () => {
      builder = await provideBuilderImage(place.cluster);
      const dockerfile = `FROM ${place.cluster.baseImage}\nCOPY server.js /app/\nCMD ["/app/server.js"]\n`;
      const files = { Dockerfile: dockerfile, "server.js": SERVER };
      commit = place.git.commit("app", {
        ...files,
        "missing/Dockerfile": `FROM ${place.cluster.baseImage}\nCOPY nothing /app/\n`,
        "unknown/Dockerfile": "FROM registry.invalid/base:1\n",
        "empty/README": "no program\n",
      });
      place.privateGit.commit("app", files);
    });

    it("by a repository's Dockerfile at a commit, and says the digest", async () => {
      const { metadata, status } = await run("docker", { ref: commit });
      assert.equal(status?.phase, "Complete", JSON.stringify(status));
      assert.match(status.output?.to?.imageDigest ?? "", /^sha256:[0-9a-f]{64}$/);
      assert.equal(
        status.outputDockerImageReference,
        "image-registry.openshift-image-registry.svc:5000/team-builds/app:docker",
      );
      assert.ok(status.startTimestamp !== undefined && status.completionTimestamp !== undefined);
      await logs(
        metadata.name,
        new RegExp(`Commit:\\s${commit}[^]*COPY server.js[^]*Push successful`),
      );
    });

    it("a repository without one, with a builder image", async () => {
      const strategy = { sourceStrategy: { from: { kind: "DockerImage", name: builder } } };
      const { metadata, status } = await run("source", { strategy });
      assert.equal(status?.phase, "Complete", JSON.stringify(status));
      await logs(metadata.name, /server\.js is there/);
    });

    it("from a private repository, with its secret only", async () => {
      await create(place.api, "/api/v1/namespaces/team-builds/secrets", {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "git", namespace: "team-builds" },
        type: "kubernetes.io/basic-auth",
        stringData: { username: LOGIN.user, password: LOGIN.password },
      });
      const uri = place.privateGit.url("app");
      const [allowed, refused] = await Promise.all([
        run("private", { uri, sourceSecret: { name: "git" } }),
        run("stranger", { uri }),
      ]);
      assert.equal(allowed.status?.phase, "Complete", JSON.stringify(allowed.status));
      failed(refused, "FetchSourceFailed", /failed to fetch requested repository .* with provided/);
    });

    it("not a repository that doesn't answer, and quotes git", async () => {
      const build = await run("unreachable", { uri: "https://127.0.0.1:1/app.git" });
      failed(
        build,
        "FetchSourceFailed",
        /error: fatal: unable to access .* Couldn't connect to server/,
      );
      assert.equal(build.status?.message, "Failed to fetch the input source.");
    });

    it("not a folder that isn't there", async () => {
      failed(
        await run("folder", { contextDir: "nowhere" }),
        "InvalidContextDirectory",
        /context directory does not exist: nowhere/,
      );
    });

    it("not a Dockerfile that fails, and quotes the end of the log", async () => {
      const build = await run("missing", { contextDir: "missing" });
      failed(build, "DockerBuildFailed", /COPY failed.*nothing/);
    });

    it("not on a base image that can't be had", async () => {
      const build = await run("unknown", { contextDir: "unknown" });
      failed(build, "PullBuilderImageFailed", /registry\.invalid/);
    });

    it("not when the assemble script fails", async () => {
      const strategy = { sourceStrategy: { from: { kind: "DockerImage", name: builder } } };
      const build = await run("empty", { contextDir: "empty", strategy });
      failed(build, "GenericBuildFailed", /there is no server\.js/);
    });

    it("not into a registry that refuses the push", async () => {
      await makeNamespace(place.api, "locked");
      await place.api.delete(`${rbac("locked")}/rolebindings/system:image-builders`);
      await create(place.api, streams("locked"), {
        apiVersion: "image.openshift.io/v1",
        kind: "ImageStream",
        metadata: { name: "app", namespace: "locked" },
      });
      const build = await run("refused", { namespace: "locked" });
      failed(build, "PushImageToRegistryFailed", /unauthorized: authentication required/);
    });

    it("nothing more once it is cancelled", async () => {
      const made = await begin("cancelled", { contextDir: "." });
      const cancelled = {
        ...NAMED,
        metadata: { name: made.metadata.name, namespace: "team-builds" },
        status: { cancelled: true },
      };
      await place.api.apply(pathOf(made), cancelled, "oc");
      const { status } = await over(made);
      assert.deepEqual(
        [status?.phase, status?.reason],
        ["Cancelled", "CancelledBuild"],
        JSON.stringify(status),
      );
    });

    it("waits, new, for an ImageStream to build into", async () => {
      const made = await begin("early", { to: "later:1" });
      const waiting = await whenThere(async () => {
        const build = await place.api.get<Build>(pathOf(made));
        return build?.status?.reason === undefined ? undefined : build;
      });
      assert.deepEqual(
        [waiting.status?.phase, waiting.status?.reason],
        ["New", "InvalidOutputReference"],
      );
      await create(place.api, streams("team-builds"), {
        apiVersion: "image.openshift.io/v1",
        kind: "ImageStream",
        metadata: { name: "later", namespace: "team-builds" },
      });
      assert.equal((await over(made)).status?.phase, "Complete");
    });

    interface BuildFacts {
      readonly namespace?: string;
      readonly uri?: string;
      readonly ref?: string;
      readonly contextDir?: string;
      readonly sourceSecret?: { name: string };
      readonly strategy?: object;
      readonly to?: string;
    }

    async function begin(name: string, facts: BuildFacts): Promise<Build> {
      const { namespace = "team-builds", uri = place.git.url("app"), ref, strategy } = facts;
      const { contextDir, sourceSecret } = facts;
      return create<Build>(
        place.api,
        `/apis/build.openshift.io/v1/namespaces/${namespace}/builds`,
        {
          ...NAMED,
          metadata: { name, namespace },
          spec: {
            serviceAccount: "builder",
            completionDeadlineSeconds: 120,
            source: { type: "Git", git: { uri, ref }, contextDir, sourceSecret },
            strategy: strategy ?? { dockerStrategy: { dockerfilePath: "Dockerfile" } },
            output: { to: { kind: "ImageStreamTag", name: facts.to ?? `app:${name}` } },
          },
        },
      );
    }

    const over = (build: Build): Promise<Build> =>
      whenThere(async () => {
        const now = await place.api.get<Build>(pathOf(build));
        return now?.status?.completionTimestamp === undefined ? undefined : now;
      });

    const run = async (name: string, facts: BuildFacts) => over(await begin(name, facts));

    function failed({ status }: Build, reason: string, snippet: RegExp): void {
      assert.deepEqual([status?.phase, status?.reason], ["Failed", reason], JSON.stringify(status));
      assert.match(status?.logSnippet ?? "", snippet);
    }

    /** The build may be over before its pod has written all of it out. */
    const logs = (name: string, words: RegExp): Promise<void> =>
      eventually(async () => {
        const path = `/api/v1/namespaces/team-builds/pods/${name}-build/log`;
        assert.match(await place.api.text(path), words);
      });
  });
}
