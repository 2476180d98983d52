"""Rows as a request has them, and the arrays that a graph gets for them."""

import numpy

from training.new_model import example_rows
from training.new_model.refusal import refuse

NUMPY_TYPES = {
    "BOOL": numpy.bool_,
    "UINT8": numpy.uint8,
    "UINT16": numpy.uint16,
    "UINT32": numpy.uint32,
    "UINT64": numpy.uint64,
    "INT8": numpy.int8,
    "INT16": numpy.int16,
    "INT32": numpy.int32,
    "INT64": numpy.int64,
    "FP32": numpy.float32,
    "FP64": numpy.float64,
    "BYTES": numpy.object_,
}

# Of one input over all rows; a row of an image model alone may have 150,000.
LARGEST = 1_000_000
# For a dimension that may differ from request to request.
OPEN_SIZE = 3


def made_up(inputs: list[dict]) -> list:
    """Rows for these inputs (as in model.json): numbers around 0, small whole numbers, short texts."""
    sizes = [[OPEN_SIZE if size < 0 else size for size in entry["shape"][1:]] for entry in inputs]
    rows = max(2, min([example_rows.ROWS, *(LARGEST // max(1, int(numpy.prod(size))) for size in sizes)]))
    columns = [values(entry["datatype"], [rows, *size]) for entry, size in zip(inputs, sizes, strict=True)]
    if len(inputs) == 1:
        return columns[0].tolist()
    return [{entry["name"]: column[row].tolist() for entry, column in zip(inputs, columns)} for row in range(rows)]


def values(datatype: str, shape: list[int]) -> numpy.ndarray:
    if datatype in ("FP32", "FP64"):
        width = int(numpy.prod(shape[1:]))
        random = numpy.random.default_rng(example_rows.SEED)
        # Sixteenths: short, and exact in float32.
        return (numpy.round(random.normal(scale=1.5, size=(shape[0], width)) * 16) / 16).reshape(shape)
    random = numpy.random.default_rng(example_rows.SEED)
    if datatype == "BYTES":
        words = numpy.array(["", "a", "hello", "Hello, world", "مرحبا", "😂"], dtype=object)
        return words[random.integers(len(words), size=shape)]
    return random.integers(2, size=shape).astype(NUMPY_TYPES[datatype])


def to_feeds(inputs: list[dict], instances: list) -> dict[str, numpy.ndarray]:
    """Arrays by input name. Raises Refusal when the rows don't fit the inputs."""
    feeds = {}
    for entry in inputs:
        name, shape = entry["name"], entry["shape"]
        try:
            rows = instances if len(inputs) == 1 else [instance[name] for instance in instances]
            array = numpy.array(rows, dtype=NUMPY_TYPES[entry["datatype"]])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            refuse(f"--examples doesn't fit input {name}", f"{type(error).__name__}: {error}", how(inputs))
        fits = array.ndim == len(shape) and all(size in (-1, own) for size, own in zip(shape, array.shape))
        if not fits:
            refuse(
                f"--examples doesn't fit input {name}",
                f"its shape is {shape}, that of the rows {list(array.shape)}",
                how(inputs),
            )
        feeds[name] = array
    return feeds


def how(inputs: list[dict]) -> str:
    if len(inputs) == 1:
        return (
            f"write a JSON list; each element is a row of the input, {inputs[0]['datatype']} {inputs[0]['shape'][1:]}"
        )
    return f"write a JSON list of objects with {', '.join(entry['name'] for entry in inputs)}"


def refuse_not_finite(answers: dict[str, numpy.ndarray]) -> None:
    for name, array in answers.items():
        if array.dtype.kind == "f" and not numpy.isfinite(array).all():
            refuse(
                f"output {name} is not a finite number for some example rows",
                "JSON has no NaN and no infinity",
                "pass rows like the real ones with --examples FILE",
            )
