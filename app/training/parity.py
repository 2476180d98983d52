"""The last check before a classifier is written: the exported model answers as the one it was made from."""

import sys

import numpy

from . import onnx_model


def check(
    framework: str,
    exported: str,
    tolerance: float,
    labels: tuple[numpy.ndarray, numpy.ndarray],
    probabilities: tuple[numpy.ndarray, numpy.ndarray],
) -> None:
    """Both pairs are the exported model's answers and the framework's own, for the same rows. Ends the program, code 1, unless
    all labels are the same and no probability differs by more than `tolerance`."""
    flipped = int((labels[0] != labels[1]).sum())
    difference = onnx_model.largest_difference(*probabilities)
    print(f"{framework} and {exported}: {flipped} labels differ, probabilities by at most {difference:.1e}", file=sys.stderr)
    if flipped or difference > tolerance:
        sys.exit(f"the exported {exported} does not answer as {framework} does (allowed: 0 labels, {tolerance})")
