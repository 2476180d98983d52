import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { apiRequest, connect, readContext } from "../../../infra/kubeconfig";

const KUBECONFIG = `
current-context: one
clusters:
  - name: a
    cluster: { server: "http://127.0.0.1:1" }
contexts:
  - name: one
    context: { cluster: a, user: u }
  - name: broken
    context: { cluster: nowhere, user: u }
users:
  - name: u
    user: { token: t0ken }
`;

describe("kubeconfig", () => {
  it("reads the current context, or the one that is named", async () => {
    assert.equal((await readContext(KUBECONFIG)).server, "http://127.0.0.1:1");
    assert.equal((await readContext(KUBECONFIG, "one")).user.token, "t0ken");
  });

  it("says what there is instead of what is missing", async () => {
    await assert.rejects(
      readContext(KUBECONFIG, "two"),
      /no context "two"; its contexts: one, broken/,
    );
    await assert.rejects(readContext(KUBECONFIG, "broken"), /names no cluster with a server/);
    await assert.rejects(readContext(""), /no current context; its contexts: none/);
  });

  it("finds a server that doesn't answer within its time", async () => {
    const silent = "http://127.0.0.1:1";
    await assert.rejects(connect(silent), /ECONNREFUSED/);
    // TEST-NET-1: RFC 5737 keeps it unused.
    await assert.rejects(connect("https://192.0.2.1:6443", 300));
    const server = net.createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    await connect(`https://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
    server.close();
  });

  it("sends each kind of credentials", async () => {
    const seen: (string | undefined)[] = [];
    const server = http.createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "credentials-"));
    fs.writeFileSync(path.join(folder, "token"), "from-file\n");
    const plugin = `console.log(JSON.stringify({status:{token:process.env.GIVEN}}))`;
    const users = [
      { token: "inline" },
      { tokenFile: path.join(folder, "token") },
      { username: "me", password: "pw" },
      {
        exec: {
          command: process.execPath,
          args: ["-e", plugin],
          env: [{ name: "GIVEN", value: "from-plugin" }],
        },
      },
    ];
    for (const user of users) {
      const cluster = { server: `${url}/` };
      const context = { name: "c", server: cluster.server, cluster, user };
      assert.deepEqual(await apiRequest(context, "/version"), { status: 200, text: "{}" });
    }
    server.close();
    fs.rmSync(folder, { recursive: true });
    assert.deepEqual(seen, [
      "Bearer inline",
      "Bearer from-file",
      `Basic ${Buffer.from("me:pw").toString("base64")}`,
      "Bearer from-plugin",
    ]);
  });

  it("says that a credential plugin failed", async () => {
    const cluster = { server: "http://127.0.0.1:1" };
    const user = { exec: { command: "/nonexistent/auth-plugin" } };
    await assert.rejects(
      apiRequest({ name: "c", server: cluster.server, cluster, user }, "/version"),
      /credential plugin failed: .*auth-plugin/,
    );
  });
});
