import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { once } from "node:events";
import { Readable } from "node:stream";

import { ExitCode, UserError } from "../../errors";
import type { Step } from "../../progress";
import { platform } from "../platform";
import { run, tail } from "../run";
import { remembered, type Source } from "./source";

/** The project's own release, by pinned address and checksum. */
export interface DownloadSpec {
  version: string;
  /** By platform, as `linux-x64`. */
  files: Record<string, DownloadFile[]>;
  /** Paths inside the unpacked files, by executable name. */
  bin: Record<string, string>;
}

export interface DownloadFile {
  url: string;
  sha256: string;
  /** Default: a gzipped tar archive. A bare executable is saved under its last path part. */
  executable?: boolean;
}

export const downloadSource: Source<DownloadSpec> = {
  kind: "download",
  doing: "downloading the official release",
  key: ({ version }) => `${version}-download-${platform()}`,

  async obstacle({ files }) {
    const wanted = files[platform()];
    if (wanted === undefined) return { why: `there is no official release for ${platform()}` };
    for (const { url } of wanted) {
      const origin = new URL(url).origin;
      if (!(await canReach(origin))) return { why: `${origin} can't be reached` };
    }
    return undefined;
  },

  async fetch({ version, files, bin }, { dir }, step) {
    for (const file of files[platform()] ?? []) {
      const target = path.join(dir, path.posix.basename(new URL(file.url).pathname));
      await download(file, target, step);
      if (file.executable === true) {
        fs.chmodSync(target, 0o755);
        continue;
      }
      const result = await run("tar", ["-xzf", target, "-C", dir, "--no-same-owner"]);
      if (result.code !== 0) throw new Error(`tar failed on ${file.url}: ${tail(result.output)}`);
      fs.rmSync(target);
    }
    return { version, source: "download", bin };
  },
};

/** Fetches a file and checks it; what is wrong is deleted. */
export async function download(
  { url, sha256 }: DownloadFile,
  target: string,
  step: Step,
): Promise<void> {
  const hash = createHash("sha256");
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(30 * 60_000) });
    if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
    const total = megabytes(Number(response.headers.get("content-length") ?? 0));
    let bytes = 0;
    const out = fs.createWriteStream(target);
    for await (const chunk of Readable.fromWeb(response.body) as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      bytes += chunk.length;
      step.update(`${megabytes(bytes)} of ${total} MB`);
      if (!out.write(chunk)) await once(out, "drain");
    }
    await new Promise<void>((resolve, reject) => {
      out.once("error", reject);
      out.end(resolve);
    });
  } catch (error) {
    fs.rmSync(target, { force: true });
    throw new UserError(`${url} could not be downloaded`, {
      why: reason(error),
      fix: "check the network, and try again",
      exitCode: ExitCode.environment,
    });
  }
  const got = hash.digest("hex");
  if (got === sha256) return;
  fs.rmSync(target);
  throw new UserError(`${url} has a wrong checksum`, {
    why: `expected SHA-256 ${sha256}, got ${got}`,
    fix: "a proxy may have altered it; the file was deleted: try again, and if it stays so, report it",
    exitCode: ExitCode.environment,
  });
}

/** Whether a server answers at all, in 3 s at most: behind a firewall nobody should wait longer. */
export const canReach = remembered(async (origin: string): Promise<boolean> => {
  try {
    await fetch(origin, {
      method: "HEAD",
      redirect: "manual",
      signal: AbortSignal.timeout(3000),
    });
    return true;
  } catch {
    return false;
  }
});

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** fetch() says "fetch failed" and keeps the reason in its cause. */
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
