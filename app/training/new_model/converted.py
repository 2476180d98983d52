"""A model out of somebody's file, and the proof that it answers as the original does."""

import json
import sys
from dataclasses import dataclass, field

import numpy

from training import onnx_model
from training.new_model.refusal import refuse

DATATYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float32": "FP32",
    "float64": "FP64",
    "str": "BYTES",
}

GOLDEN_ROWS = 50
# A row of a model for images alone may have half a million.
GOLDEN_BYTES = 200_000
# Relative to the largest answer, and at least to 1: what float32 instead of float64 may cost.
TOLERANCES = (1e-5, 1e-4, 1e-3)
# Share of labels that may differ, where both are as likely up to the tolerance.
NEAR_TIES = 0.01


@dataclass
class Converted:
    # Name and version, for model.json.
    framework: dict
    # As in model.json; with a vectorizer, the text.
    inputs: list[dict]
    outputs: list[dict]
    labels: list[str] | None
    model: bytes
    # Rows as a request has them, and what the graph gets for them.
    instances: list
    feeds: dict[str, numpy.ndarray]
    # What the original answered to these rows, by the names of `outputs`.
    answers: dict[str, numpy.ndarray]
    # Whose answers they are, for golden.json.
    source: str
    # Other files of the version, by path.
    files: dict[str, bytes] = field(default_factory=dict)
    vectorizer: dict | None = None


@dataclass
class Proof:
    tolerance: float
    largest_difference: float
    differing_labels: int
    rows: int
    # Rows of which every answer agrees.
    agreeing: numpy.ndarray


def prove(converted: Converted) -> Proof:
    """Runs the ONNX model on the same rows. Raises Refusal when its answers aren't the original's."""
    names = [output["name"] for output in converted.outputs]
    try:
        got = dict(zip(names, onnx_model.run(converted.model, converted.feeds, names), strict=True))
    except Exception as error:  # ONNX Runtime's errors have no common class
        refuse(
            "ONNX Runtime can't run the converted model",
            str(error).rsplit(" : ", maxsplit=1)[-1],
            "leave out operators that ONNX doesn't have (text, look-up tables, custom ones): export the part that computes "
            "on numbers",
        )
    rows = len(converted.instances)
    agreeing = numpy.ones(rows, dtype=bool)
    largest, tolerance, labels = 0.0, TOLERANCES[0], 0
    for name in names:
        expected, own = converted.answers[name], got[name]
        if own.shape != expected.shape:
            differs(f"output {name} has the shape {list(own.shape)} instead of {list(expected.shape)}")
        if expected.dtype.kind != "f":
            same = (own == expected).reshape(rows, -1).all(axis=1)
            agreeing &= same
            labels += int((~same).sum())
            continue
        difference = onnx_model.largest_difference(own, expected)
        scale = max(1.0, float(numpy.abs(expected).max(initial=0)))
        fitting = [step * scale for step in TOLERANCES if difference <= step * scale]
        if not fitting:
            differs(
                f"numbers of output {name} are off by up to {difference:.2g}, {TOLERANCES[-1] * scale:.2g} is allowed"
            )
        tolerance, largest = max(tolerance, fitting[0]), max(largest, difference)
    if labels > NEAR_TIES * rows:
        differs(f"{labels} of {rows} rows get another label")
    print(
        f"compared with {converted.framework['name']} on {rows} rows: numbers differ by at most {largest:.1e}, "
        f"{labels} labels or whole numbers differ",
        file=sys.stderr,
    )
    return Proof(tolerance, largest, labels, rows, agreeing)


def differs(what: str):
    refuse(
        "the converted model does not answer as the original does",
        f"{what} (the served model computes in float32)",
        "give rows like the real ones with --examples FILE if these are far from any training row; "
        "else scale the inputs or train on float32, and convert again",
    )


def golden(converted: Converted, proof: Proof) -> dict:
    requests, size = [], 0
    for row in numpy.flatnonzero(proof.agreeing)[:GOLDEN_ROWS]:
        request = {"instance": converted.instances[row], "prediction": prediction(converted, row)}
        size += len(json.dumps(request))
        if requests and size > GOLDEN_BYTES:
            break
        requests.append(request)
    return {"source": converted.source, "tolerance": proof.tolerance, "requests": requests}


def prediction(converted: Converted, row: int) -> dict:
    """As POST /predict words the answer to a row."""
    answers = {name: plain(values[row]) for name, values in converted.answers.items()}
    if converted.labels is None:
        return answers
    label = answers["label"] if "label" in answers else int(numpy.argmax(answers["probabilities"]))
    return {"label": converted.labels[label], "probabilities": answers["probabilities"]}


def plain(value):
    """Numbers as JSON has them; nine digits are more than float32 holds."""
    array = numpy.asarray(value)
    if array.dtype.kind == "f":
        return numpy.vectorize(lambda number: float(f"{number:.9g}"), otypes=[float])(array).tolist()
    return array.tolist()
