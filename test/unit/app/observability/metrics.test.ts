import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { Metrics } from "../../../../app/server/observability/metrics";

/** Samples by name and labels; what isn't Prometheus' text format is an error. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  assert.ok(text.endsWith("\n"));
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary)$/.exec(line);
    if (type !== null) {
      assert.ok(!types.has(type[1]!), `${line}: twice`);
      types.set(type[1]!, type[2]!);
      continue;
    }
    if (/^# HELP [a-zA-Z_:][\w:]* .+$/.test(line)) continue;
    // The library writes Nan for a mean of nothing; Prometheus reads it.
    const sample =
      /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*",?)*\})? (Na[Nn]|[+-]?Inf|[-+0-9.e]+)$/.exec(
        line,
      );
    assert.ok(sample, `not a sample: ${line}`);
    const [, name = "", labels = "", value = ""] = sample;
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
    assert.ok(types.has(family), `${line}: of no type`);
    assert.ok(!samples.has(name + labels), `${line}: twice`);
    samples.set(name + labels, Number(value));
  }
  return samples;
}

const iris = 'model="iris",version="1"';

describe("metrics", () => {
  it("count what happened to a version", async () => {
    const metrics = new Metrics();
    const version = metrics.version("iris", "1");
    version.answered(0.0001);
    version.answered(0.0002);
    version.answered(42);
    version.failed("invalid");
    version.failed("invalid");
    version.failed("overloaded");
    version.ran(3, 2, 0.00003);
    version.ran(5000, 1, 0.5);
    version.queued(7);
    version.queued(4);
    metrics.modelState("iris", "1", true);
    metrics.modelState("spam", "2", false);

    const samples = parse(await metrics.render());
    const expected: Record<string, number> = {
      [`modelport_requests_total{${iris}}`]: 6,
      [`modelport_request_errors_total{${iris},reason="invalid"}`]: 2,
      [`modelport_request_errors_total{${iris},reason="overloaded"}`]: 1,
      [`modelport_request_errors_total{${iris},reason="internal"}`]: 0,
      [`modelport_request_seconds_bucket{le="0.0001",${iris}}`]: 1,
      [`modelport_request_seconds_bucket{le="0.00025",${iris}}`]: 2,
      [`modelport_request_seconds_bucket{le="10",${iris}}`]: 2,
      [`modelport_request_seconds_bucket{le="+Inf",${iris}}`]: 3,
      [`modelport_request_seconds_count{${iris}}`]: 3,
      [`modelport_run_seconds_bucket{le="0.00005",${iris}}`]: 1,
      [`modelport_run_seconds_count{${iris}}`]: 2,
      [`modelport_run_seconds_sum{${iris}}`]: 0.50003,
      [`modelport_batch_rows_bucket{le="2",${iris}}`]: 0,
      [`modelport_batch_rows_bucket{le="4",${iris}}`]: 1,
      [`modelport_batch_rows_bucket{le="1024",${iris}}`]: 1,
      [`modelport_batch_rows_sum{${iris}}`]: 5003,
      [`modelport_batch_requests_bucket{le="1",${iris}}`]: 1,
      [`modelport_batch_requests_bucket{le="2",${iris}}`]: 2,
      [`modelport_queue_requests{${iris}}`]: 4,
      [`modelport_model_ready{${iris}}`]: 1,
      'modelport_model_ready{model="spam",version="2"}': 0,
    };
    for (const [name, value] of Object.entries(expected))
      assert.equal(samples.get(name), value, name);
    const sum = samples.get(`modelport_request_seconds_sum{${iris}}`)!;
    assert.ok(Math.abs(sum - 42.0003) < 1e-9);
  });

  it("tell of the process, too", async () => {
    const samples = parse(await new Metrics().render());
    for (const name of ["process_resident_memory_bytes", "nodejs_heap_size_used_bytes"])
      assert.ok(samples.get(name)! > 0, name);
  });

  it("go on from where they are when a version is asked for again, and start anew when it was forgotten", async () => {
    const metrics = new Metrics();
    metrics.version("iris", "1").answered(1);
    metrics.version("iris", "1").answered(1);
    metrics.version("iris", "2").answered(1);
    const answered = async (version: number): Promise<number | undefined> =>
      parse(await metrics.render()).get(
        `modelport_requests_total{model="iris",version="${version}"}`,
      );
    assert.equal(await answered(1), 2);
    metrics.modelState("iris", "1", true);
    metrics.forget("iris", "1");
    assert.doesNotMatch(await metrics.render(), /version="1"/);
    assert.equal(await answered(2), 1);
    metrics.version("iris", "1");
    assert.equal(await answered(1), 0);
  });

  it("are of the type that Prometheus knows", () => {
    assert.equal(new Metrics().contentType, Registry.PROMETHEUS_CONTENT_TYPE);
  });
});
