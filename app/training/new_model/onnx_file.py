"""Somebody's .onnx file: checked, and where it is a classifier, made to answer as one."""

from pathlib import Path

import numpy
import onnx
import onnxruntime
from google.protobuf.message import DecodeError
from onnx import GraphProto, ModelProto, TensorProto, ValueInfoProto, helper

from training import onnx_model, onnx_outputs
from training.new_model.converted import DATATYPES, Converted
from training.new_model.refusal import refuse
from training.new_model.tensors import made_up, refuse_not_finite, to_feeds


def convert(path: Path, name: str, labels: list[str] | None, examples: list | None) -> Converted:
    """examples: rows of the user. Raises Refusal."""
    model = read(path)
    original = model.SerializeToString()
    map_labels = onnx_outputs.drop_zip_map(model)
    if labels is None and map_labels is not None:
        labels = [str(label) for label in map_labels]
    keys = name_classifier_outputs(model, labels, map_labels) if labels is not None else None
    inputs = [specification(value, "input") for value in own_inputs(model.graph)]
    outputs = [specification(value, "output") for value in model.graph.output]
    served = onnx_model.seal(onnx_model.rename_values(model, name, {}), model.ir_version)
    instances = examples or made_up(inputs)
    feeds = to_feeds(inputs, instances)
    answers = answers_of(path, original, feeds, outputs, map_labels, keys)
    refuse_not_finite(answers)
    opset = next((entry.version for entry in model.opset_import if entry.domain == ""), 0)
    return Converted(
        framework={"name": "ONNX", "version": f"opset {opset}"},
        inputs=inputs,
        outputs=outputs,
        labels=labels,
        model=served,
        instances=instances,
        feeds=feeds,
        answers=answers,
        source=f"ONNX Runtime {onnxruntime.__version__} on the file as it was",
    )


def read(path: Path) -> ModelProto:
    try:
        model = onnx.load(path, load_external_data=False)
    except (DecodeError, OSError) as error:
        refuse(f"{path} is not an ONNX file", str(error), "export the model again; the file begins with its IR version")
    if not model.graph.node:
        refuse(f"{path} is not an ONNX model", "its graph is empty", "export the model again")
    external = sorted(
        {entry.value for tensor in tensors(model.graph) for entry in tensor.external_data if entry.key == "location"}
    )
    if external:
        refuse(
            f"{path} keeps its weights in other files: {', '.join(external)}",
            "a served model is one file, whose checksum covers all of it",
            f"make it one (below 2 GB): python -c \"import onnx; onnx.save(onnx.load('{path}'), 'one.onnx')\"",
        )
    # What is new in later ones are datatypes that no protocol has; the runtime refuses the number alone.
    model.ir_version = min(model.ir_version, onnx_model.NEWEST_IR_VERSION)
    return onnx.shape_inference.infer_shapes(model)


def tensors(graph: GraphProto):
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
        for inner in onnx_model.subgraphs(node):
            yield from tensors(inner)


def own_inputs(graph: GraphProto) -> list[ValueInfoProto]:
    """Old files list their weights among the inputs."""
    weights = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in weights]


def specification(value: ValueInfoProto, kind: str) -> dict:
    """As in model.json."""
    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type"):
        what = value.type.WhichOneof("value")
        refuse(
            f"{kind} {value.name} is a {what}", "inputs and outputs are tensors", "export the model with tensors only"
        )
    datatype = datatype_of(tensor.elem_type)
    if datatype is None:
        refuse(
            f"{kind} {value.name} is {TensorProto.DataType.Name(tensor.elem_type)}",
            f"the protocols have {', '.join(sorted(set(DATATYPES.values())))}",
            "add a Cast at that end of the graph and export it again",
        )
    sizes = [size.dim_value if size.HasField("dim_value") else -1 for size in tensor.shape.dim]
    if not sizes or sizes[0] != -1:
        refuse(
            f"{kind} {value.name} has the shape {sizes}",
            "its first dimension must be open: the number of rows, which are joined into one run",
            "export with an open batch dimension (torch.onnx.export: dynamic_axes; Keras: shape without the batch)",
        )
    return {"name": value.name, "datatype": datatype, "shape": sizes}


def datatype_of(elem_type: int) -> str | None:
    if elem_type == TensorProto.STRING:
        return "BYTES"
    try:
        return DATATYPES.get(helper.tensor_dtype_to_np_dtype(elem_type).name)
    except KeyError:
        return None


def name_classifier_outputs(model: ModelProto, labels: list[str], map_labels: list | None) -> list | None:
    """Finds the outputs `probabilities` and `label`, and names them so. Returns what the file's own labels are."""
    if map_labels is not None and len(map_labels) != len(labels):
        refuse(
            f"--labels names {len(labels)} classes",
            f"the model has {len(map_labels)}",
            "name one for each, in that order",
        )
    found = [value for value in model.graph.output if is_probabilities(value, len(labels))]
    if len(found) > 1:
        found = [value for value in found if "prob" in value.name.lower()]
    if len(found) != 1:
        shapes = ", ".join(
            f"{value.name} {[size.dim_value or -1 for size in value.type.tensor_type.shape.dim]}"
            for value in model.graph.output
        )
        refuse(
            f"the model has no one output of probabilities for {len(labels)} labels",
            f"its outputs are {shapes}",
            "give --labels as many names as the output has columns, or leave them out: the outputs are then served as they are",
        )
    onnx_outputs.rename_output(model, found[0].name, "probabilities")
    for value in list(model.graph.output):
        tensor = value.type.tensor_type
        if len(tensor.shape.dim) == 1 and tensor.elem_type in (TensorProto.INT64, TensorProto.STRING):
            strings = tensor.elem_type == TensorProto.STRING
            keys = map_labels or (labels if strings else list(range(len(labels))))
            onnx_outputs.index_labels(model, value.name, keys)
            return keys
    return None


def is_probabilities(value: ValueInfoProto, labels: int) -> bool:
    tensor = value.type.tensor_type
    sizes = tensor.shape.dim
    return (
        tensor.elem_type in (TensorProto.FLOAT, TensorProto.DOUBLE) and len(sizes) == 2 and sizes[1].dim_value == labels
    )


def answers_of(
    path: Path, original: bytes, feeds: dict, outputs: list[dict], map_labels: list | None, keys: list | None
) -> dict[str, numpy.ndarray]:
    """The file's own answers, by the names and in the form that the served model has them."""
    try:
        results = onnx_model.open_session(original).run(None, feeds)
    except Exception as error:  # ONNX Runtime's errors have no common class
        refuse(
            f"ONNX Runtime {onnxruntime.__version__} can't run {path} on the example rows",
            str(error).split("\n")[0],
            "export it with operators of ONNX itself, opset 8 to 22; where only made-up rows are the fault, pass real ones "
            "with --examples FILE",
        )
    answers = {}
    for entry, result in zip(outputs, results, strict=True):
        if isinstance(result, list):
            result = numpy.array([[row[label] for label in map_labels or []] for row in result])
        if entry["name"] == "label" and keys is not None:
            result = numpy.array([keys.index(label) for label in result.tolist()], dtype=numpy.int64)
        answers[entry["name"]] = result
    return answers
