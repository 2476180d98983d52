import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

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
  /** The name of a script that runs the executable its first argument names. */
  dispatcher?: string;
}

export interface DownloadFile {
  url: string;
  /** As `sha256:…` or `sha512:…`. */
  checksum: string;
  /** A bare executable, saved under this name. Default: a gzipped tar archive. */
  executable?: string;
  /** Unpack these alone, out of a large archive. Default: all. */
  members?: string[];
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
      const problem = await fileProblem(url);
      if (problem !== undefined) return { why: `${url} can't be had: ${problem}` };
    }
    return undefined;
  },

  async fetch({ version, files, bin, dispatcher }, { dir }, step) {
    for (const file of files[platform()] ?? []) {
      const name = file.executable ?? path.posix.basename(new URL(file.url).pathname);
      const target = path.join(dir, name);
      await download(file, target, step);
      if (file.executable !== undefined) {
        fs.chmodSync(target, 0o755);
        continue;
      }
      step.update("unpacking");
      const args = ["-xzf", target, "-C", dir, "--no-same-owner", ...(file.members ?? [])];
      const result = await run("tar", args);
      if (result.code !== 0) throw new Error(`tar failed on ${file.url}: ${tail(result.output)}`);
      fs.rmSync(target);
    }
    if (dispatcher === undefined) return { version, source: "download", bin };
    writeDispatcher(path.join(dir, dispatcher), bin);
    return { version, source: "download", bin: { ...bin, [dispatcher]: dispatcher } };
  },
};

function writeDispatcher(file: string, bin: Record<string, string>): void {
  const cases = Object.entries(bin).map(
    ([name, target]) => `${name}) shift; exec "$(dirname "$0")/${target}" "$@" ;;\n`,
  );
  const usage = `echo "usage: $0 (${Object.keys(bin).join("|")})" >&2; exit 2`;
  const script = `#!/bin/sh\ncase "$1" in\n${cases.join("")}*) ${usage} ;;\nesac\n`;
  fs.writeFileSync(file, script, { mode: 0o755 });
}

/** Fetches a file and checks it; what is wrong is deleted. */
export async function download(
  { url, checksum }: DownloadFile,
  target: string,
  step: Step,
): Promise<void> {
  const algorithm = checksum.split(":")[0] ?? "";
  const hash = createHash(algorithm);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(30 * 60_000) });
    if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
    const total = megabytes(Number(response.headers.get("content-length") ?? 0));
    let bytes = 0;
    const checked = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        step.update(`${megabytes(bytes)} of ${total} MB`);
        yield chunk;
      }
    };
    const out = fs.createWriteStream(target);
    await pipeline(Readable.fromWeb(response.body), checked, out);
  } catch (error) {
    fs.rmSync(target, { force: true });
    throw new UserError(`${url} could not be downloaded`, {
      why: reason(error),
      fix: "check the network, and try again",
      exitCode: ExitCode.environment,
    });
  }
  const got = `${algorithm}:${hash.digest("hex")}`;
  if (got === checksum) return;
  fs.rmSync(target);
  throw new UserError(`${url} has a wrong checksum`, {
    why: `expected ${checksum}, got ${got}`,
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

/** A server that answers may lead to one that can't be reached, or keep the file to itself. */
const fileProblem = remembered(async (url: string): Promise<string | undefined> => {
  try {
    const signal = AbortSignal.timeout(10_000);
    if ((await fetch(url, { method: "HEAD", signal })).ok) return undefined;
    // Some refuse that question, and give the file.
    const { ok, status, body } = await fetch(url, { headers: { range: "bytes=0-0" }, signal });
    await body?.cancel();
    return ok ? undefined : `HTTP ${status}`;
  } catch (error) {
    return reason(error);
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
