import assert from "node:assert/strict";
import { keyOf, removeCommand, setCommand } from "../../../../infra/config/faults";

describe("commands that set config", () => {
  it("quote what is no plain step of a path", () => {
    for (const [path, key] of [
      [["services", "iris", "models", "0"], "modelport:services.iris.models[0]"],
      [
        ["services", "iris", "secrets", "db", "tls.crt"],
        'modelport:services.iris.secrets.db["tls.crt"]',
      ],
      [["images", "mirrors", "docker.io/a"], 'modelport:images.mirrors["docker.io/a"]'],
      [["services", 'a"b'], 'modelport:services["a\\"b"]'],
    ] as const)
      assert.equal(keyOf(path), key);
    const key = keyOf(["services", "iris", "secrets", "db", "tls.crt"]);
    assert.equal(
      setCommand(key, "", "prod", true),
      `pulumi config set --secret --path '${key}' --stack prod`,
    );
    assert.equal(removeCommand(key, "prod"), `pulumi config rm --path '${key}' --stack prod`);
  });

  it("are words of a shell", () => {
    const key = keyOf(["services", "it's"]);
    const path = String.raw`--path 'modelport:services["it'\''s"]'`;
    assert.equal(removeCommand(key, "prod"), `pulumi config rm ${path} --stack prod`);
  });
});
