"""A TensorFlow SavedModel (of Keras' model.export too) as ONNX; the SavedModel is kept beside it."""

import os
from pathlib import Path

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}

import tensorflow

from training import onnx_model
from training.new_model.converted import DATATYPES, Converted
from training.new_model.refusal import refuse
from training.new_model.tensors import made_up, refuse_not_finite, to_feeds
from training.tensorflow_model import function_to_onnx

SIGNATURE = "serving_default"


def convert(folder: Path, name: str, labels: list[str] | None, examples: list | None) -> Converted:
    """examples: rows of the user. Raises Refusal."""
    signature = load(folder)
    takes = dict(sorted(signature.structured_input_signature[1].items()))
    gives = dict(sorted(signature.structured_outputs.items()))
    inputs = [specification(key, tensor, "input") for key, tensor in takes.items()]
    outputs = [specification(key, tensor, "output") for key, tensor in gives.items()]
    served_names = {key: key for key in gives}
    if labels is not None:
        served_names[probabilities_of(outputs, labels)] = "probabilities"
        outputs = [{**output, "name": served_names[output["name"]]} for output in outputs]
    try:
        model = function_to_onnx(signature, name, takes, {key: served_names[key] for key in gives})
    except Exception as error:  # what converters raise is anything
        refuse(
            f"{folder} can't be converted to ONNX",
            f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no reason given'}",
            "operators without an ONNX counterpart (text, look-up tables, custom ones) must go: export the part of the model "
            "that computes on numbers; or serve the folder with TensorFlow Serving itself",
        )
    instances = examples or made_up(inputs)
    feeds = to_feeds(inputs, instances)
    answered = signature(**{key: tensorflow.constant(array, dtype=takes[key].dtype) for key, array in feeds.items()})
    answers = {served_names[key]: answered[key].numpy() for key in gives}
    refuse_not_finite(answers)
    return Converted(
        framework={"name": "TensorFlow", "version": tensorflow.__version__},
        inputs=inputs,
        outputs=outputs,
        labels=labels,
        model=onnx_model.seal(model),
        instances=instances,
        feeds=feeds,
        answers=answers,
        source=f"TensorFlow {tensorflow.__version__}, the SavedModel's {SIGNATURE} in float32",
        files=files_of(folder),
    )


def load(folder: Path):
    try:
        loaded = tensorflow.saved_model.load(str(folder))
    except Exception as error:  # TensorFlow raises many kinds
        refuse(
            f"{folder} can't be loaded as a SavedModel",
            str(error).splitlines()[0],
            "name the folder that holds saved_model.pb and variables/, complete; for a .keras file, run "
            "keras.models.load_model(file).export(folder) first",
        )
    if SIGNATURE not in loaded.signatures:
        refuse(
            f"{folder} has no signature {SIGNATURE}",
            f"it has: {', '.join(loaded.signatures) or 'none'}",
            "export with one: model.export(folder) in Keras, or signatures={'serving_default': …} in tf.saved_model.save",
        )
    loaded.signatures[SIGNATURE].keep = loaded  # variables live as long as what they were loaded with
    return loaded.signatures[SIGNATURE]


def specification(name: str, tensor, kind: str) -> dict:
    """As in model.json."""
    datatype = "BYTES" if tensor.dtype == tensorflow.string else DATATYPES.get(tensor.dtype.name)
    sizes = None if tensor.shape.rank is None else [-1 if size is None else size for size in tensor.shape]
    if datatype is None:
        refuse(
            f"{kind} {name} is {tensor.dtype.name}",
            "the protocols don't have it",
            "add a cast to float32 and export again",
        )
    if not sizes or sizes[0] != -1:
        refuse(
            f"{kind} {name} has the shape {'unknown' if sizes is None else sizes}",
            "its first dimension must be open: the number of rows, which are joined into one run",
            "export with None as the first dimension",
        )
    return {"name": name, "datatype": datatype, "shape": sizes}


def probabilities_of(outputs: list[dict], labels: list[str]) -> str:
    """The name of the one output with a number per label."""
    fitting = [
        output["name"] for output in outputs if output["datatype"] == "FP32" and output["shape"] == [-1, len(labels)]
    ]
    if len(fitting) != 1:
        shapes = ", ".join(f"{output['name']} {output['shape']}" for output in outputs)
        refuse(
            f"the model has no one output of probabilities for {len(labels)} labels",
            f"its outputs are {shapes}",
            "give --labels as many names as the output has columns, or leave them out: the outputs are then served as they are",
        )
    return fitting[0]


def files_of(folder: Path) -> dict[str, bytes]:
    """For stock TensorFlow Serving. fingerprint.pb holds a random id and is not needed."""
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("fingerprint.pb", "keras_metadata.pb")
    ]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
