"""Turns a file into a model's folder, in a process of its own.

    python -m training.new_model NAME --from FILE --out FOLDER [--labels …] [--examples FILE] [--title …] [--description …]

FILE is a SavedModel folder, an .onnx file, or else a pickle or joblib file, which is loaded: that runs what it says.
Refusals are three lines on stderr (what, why, what to do) and exit code 1.
"""

import argparse
import json
import sys
from pathlib import Path

from training import model_folder
from training.new_model import converted as conversion
from training.new_model.converted import Converted
from training.new_model.refusal import Refusal, refuse

EXAMPLES = 3


def main() -> None:
    options = parse_arguments()
    try:
        converted = convert(options)
        proof = conversion.prove(converted)
        if len(proof.agreeing.nonzero()[0]) == 0:
            refuse(
                "no example row has the same answer in both",
                "every label differs",
                "pass real rows with --examples FILE",
            )
        write(options, converted, proof)
    except Refusal as refusal:
        sys.exit(f"error: {refusal}\n  why: {refusal.why}\n  fix: {refusal.fix}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="new-model", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("name")
    parser.add_argument("--from", type=Path, required=True, dest="source")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vectorizer", type=Path)
    parser.add_argument("--labels")
    parser.add_argument("--examples", type=Path)
    parser.add_argument("--title")
    parser.add_argument("--description")
    return parser.parse_args()


def convert(options: argparse.Namespace) -> Converted:
    source: Path = options.source
    labels = [label.strip() for label in options.labels.split(",")] if options.labels else None
    examples = read_examples(options.examples) if options.examples else None
    if not source.exists():
        refuse(f"--from {source}: no such file", "a file or a SavedModel folder is needed", "check the path")
    # Each needs libraries that the others' environment doesn't have.
    if source.is_dir():
        from training.new_model import saved_model

        return saved_model.convert(source, options.name, labels, examples)
    if source.suffix == ".onnx":
        from training.new_model import onnx_file

        return onnx_file.convert(source, options.name, labels, examples)
    from training.new_model import pickle_file, scikit_learn

    vectorizer = pickle_file.load(options.vectorizer) if options.vectorizer else None
    return scikit_learn.convert(pickle_file.load(source), vectorizer, options.name, labels, examples)


def read_examples(path: Path) -> list:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        refuse(f"--examples {path} can't be read", str(error), "write a JSON list of rows")
    if not isinstance(rows, list) or not rows:
        refuse(
            f"--examples {path} is no list of rows",
            "a list with at least one row is needed",
            "write a JSON list of rows",
        )
    return rows


def write(options: argparse.Namespace, converted: Converted, proof: conversion.Proof) -> None:
    golden = conversion.golden(converted, proof)
    metadata = {
        "name": options.name,
        "title": options.title or options.name,
        "description": options.description or f"Converted from {options.source.name} ({converted.framework['name']}).",
        "framework": converted.framework,
        "inputs": converted.inputs,
        "outputs": converted.outputs,
        **({"labels": converted.labels} if converted.labels else {}),
        **({"vectorizer": converted.vectorizer} if converted.vectorizer else {}),
        "examples": [
            {"title": f"example {number}", "instance": request["instance"]}
            for number, request in enumerate(golden["requests"][:EXAMPLES], 1)
        ],
    }
    facts = {
        "parameters": {
            "convertedFrom": options.source.name,
            "comparedRows": proof.rows,
            "differingLabels": proof.differing_labels,
            "largestDifference": float(f"{proof.largest_difference:.1e}"),
        }
    }
    files = {"model.onnx": converted.model, **converted.files}
    version = model_folder.next_version(options.out)
    content = model_folder.content_of(options.name, version, files, golden)
    model_folder.write_version(options.out, version, metadata, facts, content)


if __name__ == "__main__":
    main()
