import * as assert from "node:assert/strict";
import {
  BuildFailure,
  isOver,
  logSnippet,
  outcomeOf,
} from "../../support/openshift/builds/outcome";
import { fetchFault } from "../../support/openshift/builds/source";
import { baseImages } from "../../support/openshift/builds/strategies";

describe("OpenShift's builds: how they end", () => {
  const ending = { cancelled: false, podDeleted: false, failure: undefined };

  it("well, or with the failure's reason", () => {
    assert.deepEqual(outcomeOf(ending), { phase: "Complete" });
    const failure = new BuildFailure("DockerBuildFailed", "no such file");
    assert.deepEqual(outcomeOf({ ...ending, failure }), {
      phase: "Failed",
      reason: "DockerBuildFailed",
    });
    assert.deepEqual(outcomeOf({ ...ending, failure: new Error("anything") }), {
      phase: "Failed",
      reason: "GenericBuildFailed",
    });
  });

  it("by their user before all else, then by the loss of their pod", () => {
    const failure = new BuildFailure("FetchSourceFailed", "ended");
    const lost = { ...ending, podDeleted: true, failure };
    assert.deepEqual(outcomeOf(lost), { phase: "Error", reason: "BuildPodDeleted" });
    assert.deepEqual(outcomeOf({ ...lost, cancelled: true }), {
      phase: "Cancelled",
      reason: "CancelledBuild",
    });
  });

  it("once", () => {
    assert.deepEqual(
      (["New", "Pending", "Running", "Complete", "Failed", "Error", "Cancelled"] as const).filter(
        isOver,
      ),
      ["Complete", "Failed", "Error", "Cancelled"],
    );
    assert.equal(isOver(undefined), false);
  });
});

describe("OpenShift's builds: the end of the log", () => {
  it("is its last five lines", () => {
    assert.equal(logSnippet("1\n2\n3\n4\n5\n6\n7\n\n"), "3\n4\n5\n6\n7");
    assert.equal(logSnippet("only"), "only");
  });

  it("has no line of more than 120 characters", () => {
    const line = `${"a".repeat(100)}${"b".repeat(100)}`;
    const [short = ""] = logSnippet(line).split("\n");
    assert.equal(short, `${"a".repeat(58)}...${"b".repeat(59)}`);
    assert.equal(logSnippet("c".repeat(120)), "c".repeat(120));
  });
});

describe("OpenShift's builds: sources", () => {
  it("that can't be fetched are told in git's words, but for two faults", () => {
    const uri = "https://git.example.com/app.git";
    assert.equal(
      fetchFault(uri, `fatal: Authentication failed for '${uri}/'\n`),
      `error: failed to fetch requested repository "${uri}" with provided credentials`,
    );
    assert.equal(
      fetchFault(uri, `fatal: repository '${uri}/' not found\n`),
      `error: requested repository "${uri}" not found`,
    );
    assert.equal(
      fetchFault(uri, "fatal: unable to access: Could not resolve host: git.example.com\n"),
      "error: fatal: unable to access: Could not resolve host: git.example.com",
    );
  });

  it("name the images that are pulled before the build", () => {
    const dockerfile = `ARG BASE=x
FROM --platform=linux/amd64 registry.example.com/python:3.12 AS build
RUN echo FROM nothing
from build
FROM scratch
FROM $BASE
FROM registry.example.com/python:3.12
`;
    assert.deepEqual(baseImages(dockerfile), ["registry.example.com/python:3.12"]);
  });
});
