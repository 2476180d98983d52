import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Script } from "node:vm";
import { temporaryModels } from "./support/models";
import { runServer } from "./support/server";

async function page(
  accept: string,
  modelsDir?: string,
): Promise<{ response: Response; text: string }> {
  const server = await runServer(modelsDir === undefined ? {} : { MODELS_DIR: modelsDir });
  try {
    const response = await fetch(server.url, { headers: { accept } });
    return { response, text: await response.text() };
  } finally {
    await server.close();
  }
}

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

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
    const fields = [...text.matchAll(/<label>([^<]*)<input type="number"[^>]* value="([^"]*)">/g)];
    assert.deepEqual(
      fields.map(([, feature, value]) => [feature, value]),
      [
        ["sepal length (cm)", "5.1"],
        ["sepal width (cm)", "3.5"],
        ["petal length (cm)", "1.4"],
        ["petal width (cm)", "0.2"],
      ],
    );
    assert.equal([...text.matchAll(/<button type="button" data-instance=/g)].length, 3);
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
  });

  it("escapes what comes from the model", async () => {
    const evil = `<img src=x onerror="alert('1')">&`;
    const models = temporaryModels().add("iris");
    models.edit("iris", ({ inputs, examples, labels, ...rest }) => ({
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
    }));
    const { response, text } = await page(BROWSER, models.path);
    assert.equal(response.status, 200);
    assert.doesNotMatch(text, /<img|alert\('1'\)/);
    const escaped = "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;";
    assert.equal(text.split(escaped).length - 1, 2 + 1 + 2 + 4 + 3);
  });
});
