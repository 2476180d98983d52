import assert from "node:assert/strict";
import { Ignore } from "../../../../../local/providers/docker/ignore";

function isIgnored(text: string, file: string): boolean {
  const ignore = new Ignore(text);
  const parts = file.split("/");
  let matches: readonly boolean[] = [];
  let ignored = false;
  for (let depth = 1; depth <= parts.length; depth++)
    ({ matches, ignored } = ignore.match(parts.slice(0, depth).join("/"), matches));
  return ignored;
}

describe(".dockerignore", () => {
  const cases: [string, string, boolean][] = [
    ["*.log", "a.log", true],
    ["*.log", "sub/a.log", false],
    ["**/*.log", "sub/deep/a.log", true],
    ["**/*.log", "a.log", true],
    ["node_modules", "node_modules/a/b", true],
    ["node_modules", "sub/node_modules/a", false],
    ["/node_modules/", "node_modules/a", true],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["docs/**", "docs/a/b", true],
    ["*\n!keep.txt", "keep.txt", false],
    ["*\n!keep.txt", "other.txt", true],
    ["!keep.txt\n*", "keep.txt", true],
    ["dir\n!dir/keep", "dir/keep", false],
    ["dir\n!dir/keep", "dir/other", true],
    ["# comment\n\n  a  ", "a", true],
    ["a.b", "axb", false],
    ["[ab].txt", "a.txt", true],
    ["\\*.txt", "*.txt", true],
    ["\\*.txt", "a.txt", false],
  ];
  for (const [text, file, expected] of cases)
    it(`${JSON.stringify(text)} ${expected ? "leaves out" : "keeps"} ${file}`, () => {
      assert.equal(isIgnored(text, file), expected);
    });
});
