import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { checkDockerDaemon } from "../../../infra/components/docker-daemon";

describe("the builder", () => {
  let directory: string;
  const client = process.env["MODELPORT_DOCKER"];

  beforeEach(() => (directory = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-docker-"))));
  afterEach(() => {
    fs.rmSync(directory, { recursive: true });
    if (client === undefined) delete process.env["MODELPORT_DOCKER"];
    else process.env["MODELPORT_DOCKER"] = client;
  });

  /** A Docker CLI that does what the script says. */
  const useClient = (script: string): void => {
    const file = path.join(directory, "docker");
    fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    process.env["MODELPORT_DOCKER"] = file;
  };

  it("is there when something listens on the socket", async () => {
    const socket = path.join(directory, "docker.sock");
    const daemon = net.createServer().listen(socket);
    await checkDockerDaemon(`unix://${socket}`);
    daemon.close();
  });

  it("is missed when nothing does", async () => {
    await assert.rejects(
      checkDockerDaemon(`unix://${directory}/none.sock`),
      /no Docker daemon answers at unix:.*DOCKER_HOST=/s,
    );
  });

  it("is asked for by the client where only that knows the way", async () => {
    useClient('test "$DOCKER_HOST" = tcp://builder:2376 && test "$1" = version');
    await checkDockerDaemon("tcp://builder:2376");
  });

  it("is missed with the client's own words", async () => {
    useClient("echo Cannot connect to the Docker daemon >&2; exit 1");
    await assert.rejects(
      checkDockerDaemon(undefined),
      /answers at .*: Cannot connect to the Docker daemon\n/,
    );
  });

  it("is missed where there is no client", async () => {
    process.env["MODELPORT_DOCKER"] = path.join(directory, "docker");
    await assert.rejects(checkDockerDaemon(undefined), /there is no docker command on PATH/);
  });
});
