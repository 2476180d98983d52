import type { ChildProcess } from "node:child_process";
import type { StackUnderTest } from "./stack";

/** Asks a service that only its cluster reaches, as its users do: through `modelport port-forward`. */
export async function forwarded<T>(
  stack: StackUnderTest,
  service: string,
  ask: (url: string) => Promise<T>,
): Promise<T> {
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  const url = await new Promise<string>((resolve, reject) => {
    ended = stack
      .modelport(["port-forward", service], {
        started: (its) => (child = its),
        onOutput: (_, stdout) => {
          const url = /^(http:\S+)\n/.exec(stdout)?.[1];
          if (url !== undefined) resolve(url);
        },
      })
      .then(({ stderr }) => reject(new Error(`port-forward ended: ${stderr}`)), reject);
  });
  try {
    return await ask(url);
  } finally {
    child?.kill("SIGTERM");
    await ended;
  }
}
