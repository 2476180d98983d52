"""Keras models and TensorFlow graphs as ONNX, by tf2onnx."""

import os
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import onnx

from training.onnx_model import OPSET, rename_values


def keras_to_onnx(model, name: str, inputs: dict[str, str], outputs: list[str]) -> onnx.ModelProto:
    """The Keras model as a graph `name`.

    inputs: new name by the Keras input's name; outputs: names in the order of the model's outputs.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Keras looks for numpy.object, which numpy warns about.
        warnings.simplefilter("ignore", FutureWarning)
        path = Path(folder, "model.onnx")
        model.export(path, format="onnx", verbose=False, opset_version=OPSET[""])
        converted = onnx.load(path)
    named = {value.name: new for value, new in zip(converted.graph.output, outputs, strict=True)}
    return rename_values(converted, name, {**inputs, **named})


def function_to_onnx(signature, name: str, inputs: dict, outputs: dict[str, str]) -> onnx.ModelProto:
    """A SavedModel's signature as a graph `name`.

    inputs: TensorSpec by name; outputs: new name by the signature's own, in the order of these.
    """
    import numpy
    import tensorflow

    if "object" not in vars(numpy):
        numpy.object = object  # tf2onnx 1.17 says so for object
    import tf2onnx

    specs = [
        tensorflow.TensorSpec(spec.shape, spec.dtype, name=f"input_{index}")
        for index, spec in enumerate(inputs.values())
    ]

    def call(*tensors):
        answered = signature(**dict(zip(inputs, tensors, strict=True)))
        return [tensorflow.identity(answered[key]) for key in outputs]

    function = tensorflow.function(call, input_signature=specs)
    converted, _ = tf2onnx.convert.from_function(function, input_signature=specs, opset=OPSET[""])
    named = {f"input_{index}": key for index, key in enumerate(inputs)}
    named |= {value.name: new for value, new in zip(converted.graph.output, outputs.values(), strict=True)}
    return rename_values(converted, name, named)
