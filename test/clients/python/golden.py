"""The models' own golden answers, and the comparison that all clients share.

Each script asks for every golden row of every model with one client in one mode, and prints a line of JSON per model:
{"client", "version", "mode", "model", "rows", "maxDifference"}. The first wrong answer ends it with code 1 and a line on
stderr that says client, model, row, what came and what was wanted.
"""

import argparse
import json
import pathlib
import sys
from importlib.metadata import version as package_version

import numpy as np

# The server takes bodies of 64 KiB; other encodings of the same row are not much larger.
MAX_BATCH_BYTES = 20_000
MAX_BATCH_ROWS = 64
DTYPES = {"FP32": np.float32, "FP64": np.float64, "INT64": np.int64, "BYTES": np.object_}


class Model:
    """A model as its own files describe it."""

    def __init__(self, folder: pathlib.Path):
        described = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.name = described["name"]
        self.versions = sorted(described["versions"], key=int, reverse=True)
        self.version = self.versions[0]
        self.input = described["inputs"][0]
        self.outputs = described["outputs"]
        self.labels = described["labels"]
        golden = json.loads((folder / self.version / "golden.json").read_text(encoding="utf-8"))
        self.tolerance = golden["tolerance"]
        self.instances = [request["instance"] for request in golden["requests"]]
        self.predictions = [request["prediction"] for request in golden["requests"]]

    def batches(self):
        """Rows that fit one request: (number of the first row, instances)."""
        start = 0
        while start < len(self.instances):
            end, size = start, 0
            while end < len(self.instances) and end - start < MAX_BATCH_ROWS:
                size += len(json.dumps(self.instances[end]))
                if end > start and size > MAX_BATCH_BYTES:
                    break
                end += 1
            yield start, self.instances[start:end]
            start = end

    def array(self, instances):
        """Instances as the array that a client takes; texts as bytes."""
        if self.input["datatype"] == "BYTES":
            return np.array([text.encode() for text in instances], dtype=np.object_)
        return np.array(instances, dtype=DTYPES[self.input["datatype"]])


class Comparison:
    """Collects one client's answers for one model."""

    def __init__(self, client: str, mode: str, model: Model, package: str):
        self.client, self.mode, self.model, self.package = client, mode, model, package
        self.rows = 0
        self.max_difference = 0.0

    def check(self, start: int, outputs: dict) -> None:
        """`outputs` by name, as lists or arrays, for the rows from `start` on."""
        probabilities = np.asarray(outputs["probabilities"], dtype=np.float64)
        count = len(probabilities)
        labels = outputs.get("label")
        for i in range(count):
            wanted = self.model.predictions[start + i]
            difference = float(np.max(np.abs(probabilities[i] - np.array(wanted["probabilities"]))))
            if not difference <= self.model.tolerance:
                self.fail(start + i, probabilities[i].tolist(), wanted["probabilities"])
            index = int(np.argmax(probabilities[i])) if labels is None else int(np.asarray(labels)[i])
            if self.model.labels[index] != wanted["label"]:
                self.fail(start + i, self.model.labels[index], wanted["label"])
            self.max_difference = max(self.max_difference, difference)
        self.rows += count

    def check_result(self, start: int, result) -> None:
        """A result of tritonclient, HTTP or gRPC: each output has the array type of its datatype."""
        outputs = {output["name"]: result.as_numpy(output["name"]) for output in self.model.outputs}
        for output in self.model.outputs:
            expect(f"{output['name']}: dtype", outputs[output["name"]].dtype, DTYPES[output["datatype"]])
        self.check(start, outputs)

    def fail(self, row, got, wanted) -> None:
        sys.exit(f"{self.client}, {self.mode}: {self.model.name} row {row}: got {got}, wanted {wanted}")

    def finish(self) -> None:
        if self.rows != len(self.model.instances):
            self.fail("count", self.rows, len(self.model.instances))
        report = {
            "client": self.client,
            "version": package_version(self.package),
            "mode": self.mode,
            "model": self.model.name,
            "rows": self.rows,
            "maxDifference": self.max_difference,
        }
        print(json.dumps(report), flush=True)


def expect(what: str, got, wanted) -> None:
    """A fact other than a prediction."""
    if got != wanted:
        sys.exit(f"{what}: got {got!r}, wanted {wanted!r}")


def arguments(modes):
    """The command line that all scripts have; models are read from the folders of --models."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--http", required=True, help="host:port")
    parser.add_argument("--grpc", required=True, help="host:port")
    parser.add_argument("--models", required=True, type=pathlib.Path)
    parser.add_argument("--mode", required=True, choices=modes)
    parsed = parser.parse_args()
    del sys.argv[1:]
    folders = sorted(path.parent for path in parsed.models.glob("*/model.json"))
    models = [Model(folder) for folder in folders]
    return parsed, models
