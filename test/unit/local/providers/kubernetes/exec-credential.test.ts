import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { ExecCredential } from "../../../../../local/providers/kubernetes/exec-credential";

describe("a login that a program gives", () => {
  let folder: string;

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-exec-"));
  });

  after(() => {
    fs.rmSync(folder, { recursive: true, force: true });
  });

  /** A program that writes down what it is told, and answers. */
  function program(answer: unknown, exit = 0): string {
    const file = path.join(folder, `plugin-${fs.readdirSync(folder).length}`);
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    const script = `#!/bin/sh
echo "$@ $KUBERNETES_EXEC_INFO $MODE" >> ${folder}/told
cat <<'END'
${text}
END
echo "no rights" >&2
exit ${exit}
`;
    fs.writeFileSync(file, script, { mode: 0o755 });
    return file;
  }

  const told = () => fs.readFileSync(path.join(folder, "told"), "utf8").trim().split("\n");
  const answer = (token: string, seconds: number) => ({
    kind: "ExecCredential",
    status: { token, expirationTimestamp: new Date(Date.now() + seconds * 1000).toISOString() },
  });

  it("is told of the cluster, and asked once while its token is good", async () => {
    const exec = {
      command: program(answer("t", 3600)),
      apiVersion: "client.authentication.k8s.io/v1beta1",
      args: ["--use"],
      env: [{ name: "MODE", value: "test" }],
      provideClusterInfo: true,
    };
    const credential = new ExecCredential(exec, { server: "https://127.0.0.1:1" });
    assert.equal(await credential.token(), "t");
    assert.equal(await credential.token(), "t");
    assert.equal(told().length, 1);
    assert.match(
      told()[0]!,
      /^--use .*client.authentication.k8s.io\/v1beta1.*"server":"https:\/\/127.0.0.1:1".* test$/,
    );
  });

  it("is asked again when its token ends", async () => {
    const before = told().length;
    const credential = new ExecCredential({ command: program(answer("t", 1)) }, {});
    await credential.token();
    await credential.token();
    assert.ok(told().length >= before + 2);
  });

  it("is asked once by all who want one at the same time, and again after a failure", async () => {
    const before = told().length;
    const file = program(answer("t", 1));
    const credential = new ExecCredential({ command: file }, {});
    const ask = () => Promise.all([credential.token(), credential.token(), credential.token()]);
    await ask();
    await ask();
    assert.equal(told().length, before + 2);
    fs.renameSync(file, `${file}-away`);
    await assert.rejects(credential.token(), /not found/);
    fs.renameSync(`${file}-away`, file);
    assert.equal(await credential.token(), "t");
  });

  it("is not waited for without end, and can't ask anybody", async () => {
    const script = (text: string) => {
      const file = program("");
      fs.writeFileSync(file, `#!/bin/sh\n${text}\n`);
      return file;
    };
    const token = JSON.stringify(answer("asked", 3600));
    const asks = new ExecCredential({ command: script(`read name; echo '${token}'`) }, {});
    assert.equal(await asks.token(), "asked");
    const slow = new ExecCredential({ command: script("exec sleep 600") }, {}, 50);
    await assert.rejects(slow.token(), /gave no token in 0.05 s/);
  });

  const faults: [string, () => string, RegExp][] = [
    ["is missing", () => path.join(folder, "absent"), /executable .*absent not found/],
    ["fails", () => program("", 1), /failed: no rights/],
    ["prints no credential", () => program("canary"), /printed no ExecCredential$/],
    ["gives no token", () => program({ status: {} }), /gave no token/],
  ];
  for (const [what, command, message] of faults)
    it(`names a program that ${what}`, async () => {
      await assert.rejects(new ExecCredential({ command: command() }, {}).token(), message);
    });
});
