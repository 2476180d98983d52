import assert from "node:assert/strict";
import { mirrorDockerfile, pinnedPlatform } from "../../../infra/dockerfile";
import { mirrored } from "../../../infra/mirrors";

const MIRRORS = {
  "docker.io": "mirror.example.com/hub",
  "docker.io/library/python": "mirror.example.com/python",
  "gcr.io/distroless": "mirror.example.com:5000/distroless",
};
const DIGEST = `@sha256:${"a".repeat(64)}`;

describe("mirrors", () => {
  const table: [string, string][] = [
    ["nginx", "mirror.example.com/hub/library/nginx"],
    ["nginx:1.29", "mirror.example.com/hub/library/nginx:1.29"],
    ["docker.io/nginx", "mirror.example.com/hub/library/nginx"],
    ["tensorflow/serving:2.20.0", "mirror.example.com/hub/tensorflow/serving:2.20.0"],
    [`python${DIGEST}`, `mirror.example.com/python${DIGEST}`],
    ["python:3.14-slim", "mirror.example.com/python:3.14-slim"],
    // Another repository that begins alike.
    ["pythonista/app", "mirror.example.com/hub/pythonista/app"],
    [`gcr.io/distroless/nodejs${DIGEST}`, `mirror.example.com:5000/distroless/nodejs${DIGEST}`],
    ["gcr.io/distroless-next/nodejs:1", "gcr.io/distroless-next/nodejs:1"],
    ["localhost:5001/own:1", "localhost:5001/own:1"],
    ["quay.io/org/image:1", "quay.io/org/image:1"],
  ];
  for (const [from, to] of table)
    it(`${from.slice(0, 40)} → ${to.slice(0, 50)}`, () =>
      assert.equal(mirrored(from, MIRRORS), to));

  it("leaves a reference as it was written where there are none", () =>
    assert.equal(mirrored("nginx", {}), "nginx"));
});

describe("a Dockerfile's images", () => {
  const rewritten = (...lines: string[]) => mirrorDockerfile(lines.join("\n"), MIRRORS).split("\n");

  it("are taken from mirrors: bases, sources of copies, the frontend", () => {
    const lines = rewritten(
      "# syntax=docker/dockerfile:1",
      "FROM --platform=$BUILDPLATFORM python:3.14 AS Build",
      "RUN pip install x",
      "FROM nginx",
      "COPY --from=build /a /b",
      "COPY --chown=1 --from=tensorflow/serving:2 /c /d",
      "COPY --from=0 /e /f",
    );
    assert.deepEqual(lines, [
      "# syntax=mirror.example.com/hub/docker/dockerfile:1",
      "FROM --platform=$BUILDPLATFORM mirror.example.com/python:3.14 AS Build",
      "RUN pip install x",
      "FROM mirror.example.com/hub/library/nginx",
      "COPY --from=build /a /b",
      "COPY --chown=1 --from=mirror.example.com/hub/tensorflow/serving:2 /c /d",
      "COPY --from=0 /e /f",
    ]);
  });

  it("may come from arguments, and be another stage or nothing", () => {
    const lines = rewritten(
      "ARG BASE=python:3",
      "ARG VERSION=1.29",
      "FROM ${BASE} AS base",
      "ARG OTHER=nginx",
      "FROM base AS next",
      "FROM scratch",
      "FROM nginx:${VERSION}",
    );
    assert.deepEqual(lines, [
      "ARG BASE=mirror.example.com/python:3",
      "ARG VERSION=1.29",
      "FROM ${BASE} AS base",
      "ARG OTHER=nginx",
      "FROM base AS next",
      "FROM scratch",
      "FROM mirror.example.com/hub/library/nginx:${VERSION}",
    ]);
  });

  it("are not looked for within another instruction", () => {
    const lines = [
      "FROM quay.io/org/sql:1",
      "RUN select \\",
      "  # why",
      "FROM nginx",
      "RUN <<EOF",
      "FROM nginx",
      "EOF",
    ];
    assert.deepEqual(rewritten(...lines), lines);
  });

  it("are found after what only looks like a here-document, and after two of them", () => {
    const image = (reference: string) => [
      `FROM ${reference}`,
      "# cat <<EOF",
      "ENV A=<<EOF",
      "RUN cat <<<word && echo $((1<<3))",
      "RUN apt-get update && \\",
      "  cat <<ONE 3<<-'TWO' > /a",
      "FROM nginx",
      "ONE",
      "FROM nginx",
      "\tTWO",
      `FROM ${reference}`,
      `RUN --mount=type=bind,from=${reference},target=/m true`,
    ];
    assert.deepEqual(rewritten(...image("nginx")), image("mirror.example.com/hub/library/nginx"));
  });

  for (const [text, platform] of [
    ["FROM --platform=linux/arm64/v8 nginx", "linux/arm64"],
    ["FROM --platform=linux/arm64 nginx", "linux/arm64"],
    ["FROM --platform=linux/arm64 nginx AS build\nFROM nginx", undefined],
    ["FROM --platform=$TARGETPLATFORM nginx", undefined],
    ["FROM nginx", undefined],
  ] as const)
    it(`say their platform: ${text.replaceAll("\n", " · ")}`, () =>
      assert.equal(pinnedPlatform(text), platform));
});
