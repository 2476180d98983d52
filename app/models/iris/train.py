"""Trains the iris model: a support vector machine (RBF kernel, probabilities on) on scikit-learn's iris data.

Writes, below --out (default: this folder):

  <version>/model.onnx  the model as ONNX: input `features` float32 [N,4]; outputs `label` int64 [N] (an index into
                        model.json's labels) and `probabilities` float32 [N,3], in the order of the labels
  model.json            what the server and its page need to know: inputs, outputs, labels, examples, and for each version
                        its SHA-256, scores and parameters (other versions' entries are kept)
  golden.json           all 150 rows with the answers scikit-learn itself gave, for the newest version; the parity tests
                        and the smoke prediction of a deployment compare the served answers with these

The same versions of the libraries (../requirements.txt) make the same bytes each time: data, split and seed are fixed, and
nothing written depends on the clock. Before anything is written, the ONNX model must agree with scikit-learn on every row.

    python3 app/models/iris/train.py
    python3 app/models/iris/train.py --version 2 --C 10
    python3 app/models/iris/train.py --out /tmp/other --gamma 0.01 --C 0.01      # a visibly different model

`--test-size`, `--seed` change the split. Exit code 1 and one line on stderr when the exported model disagrees.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when ONNX Runtime is loaded

import numpy
import onnxruntime
import sklearn
from onnx import ModelProto
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

# onnxruntime-node 1.30 was seen to load this model with opset 8 to 22 and IR 3 to 12, but not with the IR 14 that onnx writes when left alone.
OPSET = {"": 18, "ai.onnx.ml": 1}
IR_VERSION = 8

# scikit-learn computes in float64, the ONNX model in float32: the largest difference seen over the data is below 1e-6.
TOLERANCE = 1e-5


def main() -> None:
    options = parse_arguments()
    iris = load_iris()
    x_train, x_test, y_train, y_test = train_test_split(
        iris.data, iris.target, test_size=options.test_size, random_state=options.seed
    )
    gamma = options.gamma if options.gamma == "scale" else float(options.gamma)
    classifier = SVC(kernel="rbf", C=options.C, gamma=gamma, probability=True, random_state=options.seed)
    classifier.fit(x_train, y_train)

    labels = classifier.predict(iris.data)
    probabilities = classifier.predict_proba(iris.data)
    model = export(classifier)
    check_parity(model, iris.data, labels, probabilities)

    names = [str(name) for name in iris.target_names]
    folder = options.out / str(options.version)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model)

    previous = read_versions(options.out / "model.json")
    version = {
        "sha256": hashlib.sha256(model).hexdigest(),
        "score": round(float(classifier.score(x_test, y_test)), 6),
        "trainingScore": round(float(classifier.score(x_train, y_train)), 6),
        "metric": "accuracy",
        "testRows": len(y_test),
        "trainingRows": len(y_train),
        "parameters": {"kernel": "rbf", "C": options.C, "gamma": gamma, "seed": options.seed},
    }
    versions = {**previous, str(options.version): version}
    versions = {key: versions[key] for key in sorted(versions, key=int)}
    write_json(options.out / "model.json", describe(names, versions))
    if options.version == max(map(int, versions)):
        write_json(options.out / "golden.json", golden(options.version, iris.data, names, labels, probabilities))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, help="folder to write to")
    parser.add_argument("--version", type=positive, default=1, help="version number, a folder name (default: 1)")
    parser.add_argument("--C", type=float, default=1.0, help="regularisation (default: 1.0)")
    parser.add_argument("--gamma", default="scale", help="kernel coefficient: a number or 'scale' (default)")
    parser.add_argument("--test-size", type=float, default=0.4, help="share of rows held back (default: 0.4)")
    parser.add_argument("--seed", type=int, default=0, help="of the split and of the probabilities (default: 0)")
    return parser.parse_args()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: versions are whole numbers from 1")
    return number


def export(classifier: SVC) -> bytes:
    """The classifier as ONNX bytes that hold nothing but the model: fixed names, no tool versions."""
    model: ModelProto = to_onnx(
        classifier,
        name="iris",
        initial_types=[("features", FloatTensorType([None, 4]))],
        options={id(classifier): {"zipmap": False}},
        target_opset=OPSET,
    )
    model.ir_version = IR_VERSION
    model.producer_name = "modelport"
    model.producer_version = ""
    model.doc_string = ""
    # skl2onnx keeps these in sets: their order would follow Python's hash seed.
    sort(model.opset_import, key=lambda entry: entry.domain)
    for node in model.graph.node:
        sort(node.attribute, key=lambda attribute: attribute.name)
    return model.SerializeToString(deterministic=True)


def sort(repeated, key) -> None:
    entries = sorted(repeated, key=key)
    del repeated[:]
    repeated.extend(entries)


def check_parity(model: bytes, data: numpy.ndarray, labels: numpy.ndarray, probabilities: numpy.ndarray) -> None:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    onnx_labels, onnx_probabilities = session.run(
        ["label", "probabilities"], {"features": data.astype(numpy.float32)}
    )
    difference = float(numpy.abs(onnx_probabilities - probabilities).max())
    flipped = int((onnx_labels != labels).sum())
    print(f"scikit-learn and ONNX: {flipped} labels differ, probabilities by at most {difference:.1e}", file=sys.stderr)
    if flipped or difference > TOLERANCE:
        sys.exit(f"the exported model does not answer as scikit-learn does (allowed: 0 labels, {TOLERANCE})")


def read_versions(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))["versions"] if path.exists() else {}


def describe(names: list[str], versions: dict) -> dict:
    return {
        "name": "iris",
        "title": "Iris flowers",
        "description": "Tells three species of iris apart by the size of their sepals and petals.",
        "framework": {"name": "scikit-learn", "version": sklearn.__version__},
        "inputs": [
            {
                "name": "features",
                "datatype": "FP32",
                "shape": [-1, 4],
                "features": ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"],
            }
        ],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]},
        ],
        "labels": names,
        "examples": [
            {"title": "a setosa", "instance": [5.1, 3.5, 1.4, 0.2]},
            {"title": "a versicolor", "instance": [6.0, 2.7, 4.2, 1.3]},
            {"title": "a virginica", "instance": [6.3, 3.3, 6.0, 2.5]},
        ],
        "versions": versions,
    }


def golden(version: int, data: numpy.ndarray, names: list, labels: numpy.ndarray, probabilities: numpy.ndarray) -> dict:
    return {
        "model": "iris",
        "version": str(version),
        "source": f"scikit-learn {sklearn.__version__}, SVC.predict and predict_proba in float64",
        "tolerance": TOLERANCE,
        "requests": [
            {
                "instance": [float(value) for value in row],
                "prediction": {"label": names[label], "probabilities": [round(float(p), 9) for p in row_probabilities]},
            }
            for row, label, row_probabilities in zip(data, labels, probabilities)
        ],
    }


def write_json(path: Path, value: dict) -> None:
    """One line per request keeps diffs of golden.json readable; everything else is indented."""
    requests = value.get("requests")
    if requests is None:
        text = json.dumps(value, indent=2)
    else:
        rows = ",\n    ".join(json.dumps(request) for request in requests)
        text = json.dumps({**value, "requests": []}, indent=2).replace('"requests": []', f'"requests": [\n    {rows}\n  ]')
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
