/**
 * How fast the inference server is beside others: `npm run bench` (`-- --help` for the options). Everything runs on this
 * machine, on 127.0.0.1; what it needs it makes once and keeps in the tool cache.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { ExitCode, formatError, UserError } from "../local/errors";
import { repositoryRoot } from "../local/paths";
import { terminalProgress, type Progress } from "../local/progress";
import { ensureTools } from "../local/toolchain";
import { run } from "../local/toolchain/run";
import { chart } from "./serving/chart";
import * as contenders from "./serving/contenders";
import { measureImage } from "./serving/image-size";
import { LoadGenerator } from "./serving/load";
import { takeCores } from "./serving/machine";
import { measureManyModels } from "./serving/many-models";
import { parseOptions, wants, type Options, type Part } from "./serving/options";
import { prepareEnvironments, prepareModel } from "./serving/prepare";
import { profile } from "./serving/profile";
import { measureProtocols } from "./serving/protocols";
import { makeReport, type Extras, type Report } from "./serving/report";
import { runRounds } from "./serving/rounds";
import { killServers } from "./serving/server-process";
import { soak } from "./serving/soak";
import { profileTable, reportTables, soakTable } from "./serving/table";
import { bestVariant, exchangesOf, startEntry, type Bench, type Entry } from "./serving/trial";

const root = repositoryRoot();

async function main(options: Options, work: string): Promise<void> {
  const progress = terminalProgress();
  const machine = takeCores();
  // The image's Node runs both our server and the constant one, whichever Node runs this.
  const { loadgen, "image-node": imageNode } = await ensureTools(["loadgen", "image-node"], {
    progress,
  });
  const node = imageNode.bin["node"] ?? "";
  const generator = new LoadGenerator(loadgen.bin["loadgen"] ?? "", machine.loadCore);
  process.once("exit", () => generator.kill());
  const own = contenders.ours(node, options.server ?? (await bundle()));
  const alone = options.soak !== undefined || options.profile;
  const peers = [
    contenders.flask,
    contenders.mlserver,
    contenders.bentoml,
    contenders.litserve,
    contenders.granian,
  ].filter(({ name }) => !alone && wants(options, name as Part));
  const environments = await prepareEnvironments(peers, progress);
  const bench: Bench = { machine, generator, environments, work, ...options };
  const iris = await prepareModel("iris", work, peers.some(needsPickle), progress);
  const oursOnIris = entryOf(own, iris);
  const constant = entryOf(contenders.constant(node), iris, await middleAnswer(bench, oursOnIris));

  if (options.soak !== undefined) {
    const result = await soak(bench, { ours: oursOnIris, constant }, options.soak, progress);
    print(options, result, soakTable(result));
    if (result.errors + result.lost > 0) process.exitCode = ExitCode.failed;
    return;
  }
  if (options.profile) {
    const result = await profile(bench, oursOnIris);
    print(options, result, profileTable(result.functions));
    return;
  }

  const entries = [oursOnIris, ...(wants(options, "constant") ? [constant] : [])];
  const variants = new Map<string, Readonly<Record<string, number>>>();
  const compete = async (entry: readonly Entry[]): Promise<void> => {
    const [first] = entry;
    if (first === undefined) return;
    const { contender, model } = first;
    const step = progress.step(`${contender.title}, ${model.name}: the best of its settings`);
    const { best, requestsPerSecond } = await bestVariant(bench, entry);
    variants.set(`${contender.name} ${model.name}`, requestsPerSecond);
    entries.push(best);
    step.done(best.variant.name);
  };
  for (const peer of peers) await compete(allVariants(peer, iris));
  if (wants(options, "spam")) {
    const flaskToo = peers.includes(contenders.flask);
    const spam = await prepareModel("spam", work, flaskToo, progress);
    entries.push(entryOf(own, spam));
    if (flaskToo) await compete(allVariants(contenders.flask, spam));
  }
  const measured = await runRounds(bench, entries, options.rounds, progress);
  const extras = await measureExtras(bench, oursOnIris, options, progress);
  const report = makeReport(
    measured,
    variants,
    await conditions(bench, options, imageNode.version),
    extras,
  );
  if (options.only === undefined && options.server === undefined) write(report);
  print(options, report, reportTables(report));
  const failed = report.contenders.some(({ name, errors }) => name === "modelport" && errors > 0);
  if (failed) process.exitCode = ExitCode.failed;
}

async function measureExtras(
  bench: Bench,
  ours: Entry,
  options: Options,
  progress: Progress,
): Promise<Extras> {
  const timed = async <T>(part: Part, title: string, work: () => Promise<T>) => {
    if (!wants(options, part)) return undefined;
    const step = progress.step(title);
    const result = await work();
    step.done();
    return result;
  };
  const protocols = await timed("protocols", "each protocol", () => measureProtocols(bench, ours));
  const manyModels = await timed("many-models", "1 to 100 models", () =>
    measureManyModels(bench, ours),
  );
  const image = await timed("image", "the image's size", () =>
    measureImage("iris", bench.work, progress),
  );
  return {
    ...(protocols === undefined ? {} : { protocols }),
    ...(manyModels === undefined ? {} : { manyModels }),
    ...(image === undefined ? {} : { image }),
  };
}

async function conditions({ machine, generator }: Bench, options: Options, nodeVersion: string) {
  const { rounds, seconds, connections } = options;
  const ceiling = await generator.ceiling(machine.serverCore, {
    connections,
    seconds,
    warmupSeconds: 0.5,
  });
  return {
    machine: `${machine.description}, Node ${nodeVersion}`,
    finished: new Date(),
    rounds,
    seconds,
    connections,
    generatorRequestsPerSecond: ceiling.requestsPerSecond,
  };
}

function entryOf(
  contender: contenders.Contender,
  model: contenders.PreparedModel,
  answer = "",
): Entry {
  const [variant] = contender.variants;
  if (variant === undefined) throw new Error(`${contender.name} has no settings`);
  return { contender, model, variant, answer };
}

const allVariants = (contender: contenders.Contender, model: contenders.PreparedModel): Entry[] =>
  contender.variants.map((variant) => ({ contender, model, variant, answer: "" }));

/** All but Granian's application, which loads the ONNX file as we do. */
const needsPickle = (contender: contenders.Contender): boolean =>
  contender.name !== contenders.granian.name;

/** One of our answers, of the usual length: what the constant server answers. */
async function middleAnswer(bench: Bench, ours: Entry): Promise<string> {
  const server = await startEntry(bench, ours);
  try {
    const answers = (await exchangesOf(ours, server.port)).map(({ answer }) => answer);
    answers.sort((one, other) => one.length - other.length);
    return answers[Math.floor(answers.length / 2)]?.toString() ?? "";
  } finally {
    await server.end();
  }
}

/** This checkout's server, bundled as for the image. */
async function bundle(): Promise<string> {
  const made = await run(process.execPath, [path.join(root, "local/build.js"), "server"]);
  if (made.code !== 0)
    throw new UserError("the server can't be bundled", { why: made.output, fix: "npm run lint" });
  return path.join(root, "dist/server.js");
}

function write(report: Report): void {
  const docs = path.join(root, "docs");
  fs.writeFileSync(path.join(docs, "bench.json"), `${JSON.stringify(report, undefined, 2)}\n`);
  fs.writeFileSync(path.join(docs, "bench.svg"), chart(report));
  process.stderr.write("written: docs/bench.json, docs/bench.svg\n");
}

function print({ json }: Options, result: object, tables: string): void {
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${tables}\n`);
}

/** However it ends, nothing that was started outlives it. */
function endEverythingWithUs(work: string): void {
  process.once("exit", () => {
    killServers();
    fs.rmSync(work, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => {
      process.stderr.write("\ninterrupted\n");
      process.exit(ExitCode.interrupted);
    });
}

const options = parseOptions(process.argv.slice(2));
const work = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-bench-"));
endEverythingWithUs(work);
main(options, work).catch((error: unknown) => {
  process.stderr.write(`${formatError(error)}\n`);
  process.exitCode = error instanceof UserError ? error.exitCode : ExitCode.failed;
});
