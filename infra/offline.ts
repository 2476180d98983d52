/**
 * The program under mocked providers: no engine, no credentials, no cluster. `node dist/offline.js STACK` prints an
 * `OfflineRendering` as JSON; STACK is a name or a stack file's path. Mocks are global to a process: each stack takes one of its own.
 */
import * as pulumi from "@pulumi/pulumi";
import { render } from "./offline/render";
import { readStackFile } from "./offline/stack-file";

export type { OfflineRendering, OfflineResource } from "./offline/render";

async function main(stack: string): Promise<void> {
  const rendering = await render(await readStackFile(stack));
  process.stdout.write(`${JSON.stringify(rendering, undefined, 2)}\n`);
}

if (require.main === module) {
  // Pulumi's stack rejects an output of its own beside the program's promise: the same error twice.
  process.on("unhandledRejection", () => undefined);
  main(process.argv[2] ?? "").catch((error: unknown) => {
    const told = pulumi.RunError.isInstance(error) ? error.message : (error as Error).stack;
    process.stderr.write(`${told ?? String(error)}\n`);
    process.exitCode = 1;
  });
}
