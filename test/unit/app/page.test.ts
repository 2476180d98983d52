import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Script } from "node:vm";
import { temporaryModels } from "./support/models";
import { runServer } from "./support/server";
import { variedModels } from "./transports/models";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

interface Fetched {
  readonly response: Response;
  readonly text: string;
}

async function page(
  accept: string,
  environment: Record<string, string> = {},
  query = "",
): Promise<Fetched> {
  const server = await runServer(environment);
  try {
    const response = await fetch(`${server.url}/${query}`, { headers: { accept } });
    return { response, text: await response.text() };
  } finally {
    await server.close();
  }
}

/** A form's fields: what is written beside each, its attributes, and its value. */
function fieldsOf(text: string): Record<string, string>[] {
  const [form] = /<form[^]*<\/form>/.exec(text)!;
  const labels = form.matchAll(
    /<label[^>]*>([^<]*)<(input|textarea)([^>]*)>(?:\n([^<]*)<\/textarea>)?/g,
  );
  return [...labels].map(([, title, tag, attributes, content]) => ({
    title: title!,
    tag: tag!,
    ...Object.fromEntries(
      [...attributes!.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]),
    ),
    ...(content === undefined ? {} : { value: content }),
  }));
}

describe("page", () => {
  it("goes to browsers; JSON to programs", async () => {
    const cases: [accept: string, type: RegExp][] = [
      [BROWSER, /^text\/html/],
      ["*/*", /^application\/json/],
      ["application/json, text/html", /^application\/json/],
    ];
    for (const [accept, type] of cases) {
      const { response } = await page(accept);
      assert.match(response.headers.get("content-type") ?? "", type, accept);
      assert.equal(response.headers.get("vary"), "accept");
    }
  });

  it("shows the model, its score, and a form with the example", async () => {
    const { text } = await page(BROWSER);
    assert.match(text, /<h1>Iris flowers<\/h1>/);
    assert.match(text, /iris, version 1/);
    assert.match(text, /93\.3 % of 60 held-back rows/);
    assert.match(text, /data-target="predict\?model=iris&amp;version=1" data-single="true"/);
    assert.deepEqual(
      fieldsOf(text).map(({ title, type, value }) => [title, type, value]),
      [
        ["sepal length (cm)", "number", "5.1"],
        ["sepal width (cm)", "number", "3.5"],
        ["petal length (cm)", "number", "1.4"],
        ["petal width (cm)", "number", "0.2"],
      ],
    );
    assert.equal([...text.matchAll(/<button type="button" data-instance=/g)].length, 3);
  });

  it("has a field that fits each input of any model", async () => {
    const MODELS_DIR = variedModels();
    const text = fieldsOf((await page(BROWSER, { MODELS_DIR }, "?model=text")).text);
    assert.deepEqual(
      text.map(({ title, tag, "data-kind": kind, value }) => [title, tag, kind, value]),
      [["text", "textarea", "text", "hello"]],
    );
    const several = await page(BROWSER, { MODELS_DIR }, "?model=several");
    assert.match(several.text, /data-single="false" data-labels="\[\]"/);
    assert.deepEqual(
      fieldsOf(several.text).map(
        ({ title, "data-kind": kind, "data-index": index, value, step }) => [
          title,
          kind,
          index,
          value,
          step,
        ],
      ),
      [
        ["text", "text", undefined, "a", undefined],
        ["flag", "flag", undefined, undefined, undefined],
        ["count 1", "number", "0", "7", "1"],
        ["row", "json", undefined, "[1,2,3]", undefined],
      ],
    );
    const log = fieldsOf((await page(BROWSER, { MODELS_DIR }, "?model=log")).text);
    assert.deepEqual(
      log.map(({ title, step, value }) => [title, step, value]),
      [
        ["x 1", "any", "1"],
        ["x 2", "any", "2"],
      ],
    );
  });

  it("offers the models and versions that can be asked, where there are several", async () => {
    const { text } = await page(BROWSER, { MODELS_DIR: variedModels() }, "?model=log");
    const options = [...text.matchAll(/<option value="([^"]*)"( selected)?>([^<]*)</g)];
    assert.deepEqual(
      options.map(([, value, selected, title]) => [value, selected !== undefined, title]),
      ["iris", "log", "several", "text"].map((name) => [
        `?model=${name}&amp;version=1`,
        name === "log",
        `${name} 1`,
      ]),
    );
    const one = await page(BROWSER, { MODELS_DIR: temporaryModels().add("iris").path });
    assert.doesNotMatch(one.text, /<select/);
  });

  it("asks for the API key where one is needed", async () => {
    assert.doesNotMatch((await page(BROWSER)).text, /type="password"|X-API-Key/);
    const folder = mkdtempSync(path.join(tmpdir(), "modelport-keys-"));
    const file = path.join(folder, "keys");
    writeFileSync(file, `tester ${createHash("sha256").update("k").digest("hex")}\n`);
    const { text } = await page(BROWSER, { API_KEYS_FILE: file });
    rmSync(folder, { recursive: true });
    assert.match(text, /<input type="password" id="key" autocomplete="off">/);
    assert.match(text, /curl -H &quot;X-API-Key|curl -H "X-API-Key: \$KEY"/);
  });

  it("of an unknown model: 404", async () => {
    const { response } = await page(BROWSER, {}, "?model=rose");
    assert.equal(response.status, 404);
  });

  it("allows its own style and script by hash, and no other", async () => {
    const { response, text } = await page(BROWSER);
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*/);
    for (const tag of ["style", "script"]) {
      const found = [...text.matchAll(new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`, "g"))];
      assert.equal(found.length, 1, `one ${tag}`);
      const digest = createHash("sha256").update(found[0]![1]!).digest("base64");
      assert.ok(policy.includes(`${tag}-src 'sha256-${digest}'`), `${tag} is allowed by its hash`);
    }
    assert.doesNotMatch(text, /\son[a-z]+=|style="/);
    const [, script] = /<script>([^]*?)<\/script>/.exec(text)!;
    assert.doesNotThrow(() => new Script(script!), "the script parses");
    for (const [name, value] of [
      ["x-content-type-options", "nosniff"],
      ["referrer-policy", "no-referrer"],
      ["x-frame-options", "DENY"],
    ] as const)
      assert.equal(response.headers.get(name), value);
  });

  it("escapes what comes from the model", async () => {
    const evil = `<img src=x onerror="alert('1')">&`;
    const models = temporaryModels().add("iris");
    models.edit("iris", ({ inputs, examples, labels, versions, ...rest }) => ({
      ...rest,
      title: evil,
      description: evil,
      framework: { name: evil, version: evil },
      inputs: (inputs as object[]).map((input) => ({
        ...input,
        features: [evil, evil, evil, evil],
      })),
      examples: (examples as object[]).map((example) => ({ ...example, title: evil })),
      labels: (labels as string[]).map(() => evil),
      versions: { "1": { ...(versions as Record<string, object>)["1"], trainedOn: evil } },
    }));
    const { response, text } = await page(BROWSER, { MODELS_DIR: models.path });
    assert.equal(response.status, 200);
    assert.doesNotMatch(text, /<img|alert\('1'\)/);
    const escaped = "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;";
    assert.equal(text.split(escaped).length - 1, 2 + 1 + 2 + 1 + 2 * 4 + 3);
  });

  it("escapes text and names of inputs, and what a shell would take for the end of the example", async () => {
    const evil = `</textarea><script>alert("1")</script>'; rm -rf /`;
    const models = temporaryModels();
    const { textEcho } = await import("./transports/models");
    models.addGraph("text", { ...textEcho(), instances: [evil] });
    const { text } = await page(BROWSER, { MODELS_DIR: models.path });
    assert.doesNotMatch(text, /<script>alert/);
    assert.equal([...text.matchAll(/<\/textarea>/g)].length, 1);
    assert.ok(text.includes(`&#39;\\&#39;&#39;; rm -rf /`));
  });
});
