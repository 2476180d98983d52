import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** A folder and an environment of a test's own. */
export class Sandbox {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-cli-"));
  readonly bin = path.join(this.root, "bin");
  readonly state = path.join(this.root, "state");
  /** As PULUMI_BACKEND_URL. */
  readonly backend = `file://${path.join(this.state, "modelport", "pulumi")}`;
  private readonly saved = { ...process.env };

  constructor() {
    fs.mkdirSync(this.bin, { recursive: true });
    for (const name of Object.keys(process.env))
      if (name.startsWith("PULUMI_")) Reflect.deleteProperty(process.env, name);
    process.env["XDG_STATE_HOME"] = this.state;
    // `sh` and what the scripts call; no docker, no minikube.
    process.env["PATH"] = this.bin;
  }

  /** Puts an executable on PATH. @param script what /bin/sh runs */
  executable(name: string, script: string): string {
    const file = path.join(this.bin, name);
    fs.writeFileSync(file, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`, { mode: 0o755 });
    return file;
  }

  write(file: string, content: string): string {
    const target = path.join(this.root, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, content);
    return target;
  }

  /** Writes a stack's checkpoint into the file backend. @returns its path */
  checkpoint(stack: string, content: string): string {
    return this.write(`state/modelport/pulumi/.pulumi/stacks/modelport/${stack}.json`, content);
  }

  lock(stack: string, lock: { pid: number; hostname?: string; timestamp?: string }): string {
    const content = {
      username: "somebody",
      hostname: os.hostname(),
      timestamp: new Date().toISOString(),
      ...lock,
    };
    const folder = `state/modelport/pulumi/.pulumi/locks/organization/modelport/${stack}`;
    this.write(`${folder}/0b1c.json.attrs`, "{}");
    return this.write(`${folder}/0b1c.json`, JSON.stringify(content));
  }

  remove(): void {
    for (const name of Object.keys(process.env))
      if (!(name in this.saved)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, this.saved);
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}
