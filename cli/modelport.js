#!/usr/bin/env node
"use strict";
/**
 * `modelport`, from a fresh clone on: installs the packages, finds a Node new enough, bundles the
 * TypeScript and runs it. Plain JavaScript without dependencies, because it runs before there are any.
 */
const { spawn } = require("node:child_process");
const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const root = path.join(__dirname, "..");
const oldestNode = 22;
const environmentFault = 3;
/** Signals a terminal or a supervisor ends us with; the child cleans up and decides the exit code. */
const forwarded = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** Ended with us. @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

class Fault extends Error {
  /** @param {string} what @param {string} why @param {string} fix */
  constructor(what, why, fix) {
    super(`error: ${what}\n  why: ${why}\n  fix: ${fix}`);
  }
}

async function main() {
  await installPackages();
  if (Number.parseInt(process.versions.node, 10) < oldestNode) {
    const node = await newerNode();
    process.exitCode = await run(node, [__filename, ...process.argv.slice(2)]);
    return;
  }
  const build = require("../local/build.js").build;
  build(["cli", "supervisor", "provider-kubernetes", "provider-docker"]);
  require("node:module").enableCompileCache?.(path.join(root, "dist", "compile-cache"));
  require("../dist/cli.js");
}

// --- packages -----------------------------------------------------------------------------------

async function installPackages() {
  if (packagesMatch()) return;
  await exclusively(path.join(root, ".modelport", "npm.lock"), async () => {
    if (packagesMatch()) return;
    await npm(
      "installing npm packages",
      // NODE_ENV=production would leave out what bundles the TypeScript.
      ["ci", "--include=dev", "--no-audit", "--no-fund"],
      "the npm packages could not be installed",
    );
    fs.writeFileSync(path.join(root, "node_modules", ".modelport"), lockHash());
  });
}

/** By our stamp, else (somebody ran npm) by the list npm keeps of what it installed. */
function packagesMatch() {
  const stamp = path.join(root, "node_modules", ".modelport");
  if (read(stamp) === lockHash()) return true;
  const installed = read(path.join(root, "node_modules", ".package-lock.json"));
  if (installed === undefined) return false;
  const wanted = JSON.parse(read(path.join(root, "package-lock.json")) ?? "{}").packages;
  const found = JSON.parse(installed).packages;
  const matches = Object.entries(wanted).every(
    ([name, entry]) =>
      name === "" ||
      (entry.optional && found[name] === undefined) ||
      (found[name]?.version === entry.version && found[name].integrity === entry.integrity),
  );
  if (matches) fs.writeFileSync(stamp, lockHash());
  return matches;
}

function lockHash() {
  const lock = fs.readFileSync(path.join(root, "package-lock.json"));
  return crypto.createHash("sha256").update(lock).digest("hex");
}

// --- Node ---------------------------------------------------------------------------------------

/**
 * The pinned npm package, unpacked where local/toolchain caches it, so that both find it.
 * @returns {Promise<string>} path of a Node ≥ 22
 */
async function newerNode() {
  const { version, packages } = require("../local/toolchain/node.json");
  const platform = `${process.platform}-${process.arch}`;
  const found = packages[platform];
  if (found === undefined)
    throw new Fault(
      `Node ${process.versions.node} is too old`,
      `modelport needs Node ${oldestNode} or newer, and fetches its own on Linux only (x64, arm64)`,
      `install Node ${version}, for example from https://nodejs.org, and run this again`,
    );
  const tools = path.join(cacheDirectory(), "tools", "node");
  const home = path.join(tools, `${version}-npm-${platform}`);
  const executable = "package/bin/node";
  if (fs.existsSync(path.join(home, "tool.json"))) return path.join(home, executable);
  fs.mkdirSync(tools, { recursive: true });
  const scratch = fs.mkdtempSync(path.join(tools, ".fetch-"));
  try {
    fs.chmodSync(scratch, 0o755);
    await npm(
      `fetching Node ${version}`,
      ["pack", `${found.name}@${version}`, "--pack-destination", scratch, "--ignore-scripts"],
      `Node ${version} could not be fetched`,
      scratch,
    );
    const archive = path.join(scratch, `${found.name}-${version}.tgz`);
    const hash = crypto.createHash("sha512").update(fs.readFileSync(archive)).digest("base64");
    if (`sha512-${hash}` !== found.integrity)
      throw new Fault(
        `the npm package ${found.name}@${version} is not the one this version of modelport pins`,
        `its checksum is sha512-${hash}, expected ${found.integrity}`,
        "check the npm registry that `npm config get registry` names",
      );
    const unpack = ["-xzf", archive, "-C", scratch, "--no-same-owner"];
    await quietly("tar", unpack, "Node could not be unpacked");
    fs.rmSync(archive);
    const receipt = { version, source: "npm", bin: { node: executable } };
    fs.writeFileSync(path.join(scratch, "tool.json"), JSON.stringify(receipt, undefined, 2));
    publish(scratch, home);
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
  return path.join(home, executable);
}

/** Somebody else may have been quicker; theirs is the same. @param {string} made @param {string} home */
function publish(made, home) {
  try {
    fs.renameSync(made, home);
  } catch (error) {
    if (!fs.existsSync(path.join(home, "tool.json"))) throw error;
  }
}

function cacheDirectory() {
  const xdg = process.env.XDG_CACHE_HOME;
  const base = xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(os.homedir(), ".cache");
  return path.join(base, "modelport");
}

// --- processes ----------------------------------------------------------------------------------

/** @param {string} title @param {string[]} args @param {string} failure @param {string} [cwd] */
async function npm(title, args, failure, cwd = root) {
  const started = Date.now();
  const seconds = () => ((Date.now() - started) / 1000).toFixed(0);
  const tty = process.stderr.isTTY;
  const show = () =>
    process.stderr.write(
      tty ? `\r\x1b[2K… ${title} (${seconds()} s)` : `… ${title} (${seconds()} s)\n`,
    );
  show();
  const timer = setInterval(show, tty ? 500 : 15_000);
  try {
    await quietly("npm", args, failure, cwd);
  } finally {
    clearInterval(timer);
    if (tty) process.stderr.write("\r\x1b[2K");
  }
  process.stderr.write(`✓ ${title} (${seconds()} s)\n`);
}

/** Shows the output only if the command fails. @param {string} command @param {string[]} args @param {string} failure @param {string} [cwd] */
async function quietly(command, args, failure, cwd = root) {
  const env = {
    ...process.env,
    ONNXRUNTIME_NODE_INSTALL: "skip",
    npm_config_update_notifier: "false",
    npm_config_fetch_retries: "2",
    npm_config_fetch_retry_mintimeout: "500",
    npm_config_fetch_retry_maxtimeout: "2000",
  };
  let output = "";
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.once("close", () => running.delete(child));
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => (output = (output + chunk).slice(-20_000)));
  const code = await ended(child).catch((error) => {
    throw new Fault(failure, `${command} can't be run: ${error.message}`, `install ${command}`);
  });
  if (code !== 0) throw new Fault(failure, ...diagnose(output, `${command} ${args[0]}`, code));
}

/** @param {string} output @param {string} command @param {number} code @returns {[string, string]} why, fix */
function diagnose(output, command, code) {
  if (/ENOSPC/.test(output))
    return ["the disk is full", "free some space (`df -h` shows where) and run this again"];
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(output))
    return [
      "the npm registry can't be reached",
      "check the network, `npm config get registry` and the proxy settings, then run this again",
    ];
  if (/EACCES|EPERM|EROFS/.test(output))
    return [`${root} or npm's cache can't be written`, "check who owns them (`ls -ld`)"];
  const errors = output.split("\n").filter((line) => /npm (error|ERR!)/.test(line));
  const shown = (errors.length > 0 ? errors : output.trim().split("\n"))
    .slice(-5)
    .join("\n       ");
  return [
    `\`${command}\` ended with ${code}:\n       ${shown}`,
    `run \`${command}\` in ${root} to see all of it`,
  ];
}

/** @param {string} command @param {string[]} args */
async function run(command, args) {
  const child = spawn(command, args, { stdio: "inherit" });
  for (const signal of forwarded) process.on(signal, () => child.kill(signal));
  return ended(child);
}

/** @param {import("node:child_process").ChildProcess} child @returns {Promise<number>} as a shell would say it */
function ended(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) =>
      resolve(code ?? 128 + (os.constants.signals[signal ?? "SIGKILL"] ?? 9)),
    );
  });
}

// --- one at a time ------------------------------------------------------------------------------

/** Runs `work` while holding a lock file that names us; one left by a dead process is taken over. @param {string} file @param {() => Promise<void>} work */
async function exclusively(file, work) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (let told; !take(file);) {
    const holder = holderOf(file);
    if (holder !== undefined && holder.pid !== told) {
      told = holder.pid;
      const what = `process ${told}, which installs npm packages and holds the lock ${file}`;
      process.stderr.write(`… waiting for ${what}\n`);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const release = () => fs.rmSync(file, { force: true });
  process.once("exit", release);
  for (const signal of forwarded) process.once(signal, interrupted);
  try {
    await work();
  } finally {
    release();
    process.removeListener("exit", release);
    for (const signal of forwarded) process.removeListener(signal, interrupted);
  }
}

function interrupted() {
  for (const child of running) child.kill("SIGTERM");
  process.stderr.write("\ninterrupted; run the same command again to continue\n");
  process.exit(130);
}

/** Linked into place with its content, so that nobody reads a lock without an owner. @param {string} file */
function take(file) {
  const mine = `${file}.${process.pid}`;
  fs.writeFileSync(mine, `${process.pid} ${startOf(process.pid) ?? ""}`);
  try {
    fs.linkSync(mine, file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    const holder = holderOf(file);
    if (holder !== undefined && !isAlive(holder)) fs.rmSync(file, { force: true });
    return false;
  } finally {
    fs.rmSync(mine, { force: true });
  }
}

/** Undefined once the file is gone. @param {string} file */
function holderOf(file) {
  const text = read(file);
  if (text === undefined) return undefined;
  const [pid, started = ""] = text.split(" ");
  return { pid: Number(pid), started };
}

/** Field 22 of proc(5)'s stat, Linux only; the name before it may hold spaces. A zombie has ended. @param {number} pid */
function startOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  return fields[0] === "Z" ? undefined : fields[19];
}

/** By number and start: a number is given again, after a container's restart even to us. @param {{ pid: number, started: string }} holder */
function isAlive({ pid, started }) {
  if (!(pid > 0) || pid === process.pid) return false;
  if (process.platform === "linux") return startOf(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** @param {string} file */
function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

main().catch((error) => {
  const full = error.code === "ENOSPC";
  if (full)
    error = new Fault(
      "no space left on the disk",
      String(error.message),
      "free some space (`df -h` shows where) and run this again",
    );
  process.stderr.write(`${error instanceof Fault ? error.message : (error.stack ?? error)}\n`);
  process.exitCode = error instanceof Fault ? environmentFault : 1;
});
