"""ONNX models that hold nothing but the model: the same estimator makes the same bytes, and the server can load them."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when ONNX Runtime is loaded

import numpy
import onnxruntime
from onnx import GraphProto, ModelProto, NodeProto

# onnxruntime-node 1.30 was seen to load models with opset 8 to 22 and IR 3 to 12, but not with the IR 14 that onnx writes
# when left alone.
OPSET = {"": 18, "ai.onnx.ml": 1}
IR_VERSION = 8
NEWEST_IR_VERSION = 12


def seal(model: ModelProto, ir_version: int = IR_VERSION) -> bytes:
    """The model as bytes without the converter's name and version, and with every set in a fixed order."""
    model.ir_version = ir_version
    model.producer_name = "modelport"
    model.producer_version = ""
    model.doc_string = ""
    del model.metadata_props[:]
    # Converters keep these in sets: their order would follow Python's hash seed.
    sort(model.opset_import, key=lambda entry: entry.domain)
    for node in model.graph.node:
        node.ClearField("doc_string")
        sort(node.attribute, key=lambda attribute: attribute.name)
    return model.SerializeToString(deterministic=True)


def sort(repeated, key) -> None:
    entries = sorted(repeated, key=key)
    del repeated[:]
    repeated.extend(entries)


def open_session(model: bytes) -> onnxruntime.InferenceSession:
    """A session of one thread, as the server's."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run(model: bytes, inputs: dict[str, numpy.ndarray], outputs: list[str]) -> list[numpy.ndarray]:
    """The named outputs, in that order."""
    return open_session(model).run(outputs, inputs)


def largest_difference(one: numpy.ndarray, other: numpy.ndarray) -> float:
    """0 for no rows."""
    return float(numpy.abs(one.astype(numpy.float64) - other).max(initial=0))


def rename_values(model: ModelProto, name: str, names: dict[str, str]) -> ModelProto:
    """The model with its graph called `name`, and inputs and outputs as `names` says (new by old).

    What is inside is numbered, since converters name it after layers, counters and files of theirs; not where nodes have
    graphs of their own (If, Loop), which may refer to any name.
    """
    graph = model.graph
    graph.name = name
    graph.ClearField("doc_string")
    del graph.value_info[:]
    new = {"": "", **names}
    for value in [*graph.input, *graph.output]:
        new.setdefault(value.name, value.name)
        rows = value.type.tensor_type.shape.dim[:1]
        if rows and not rows[0].HasField("dim_value"):
            rows[0].dim_param = "rows"
    if not any(subgraphs(node) for node in graph.node):
        for number, tensor in enumerate(graph.initializer):
            new.setdefault(tensor.name, f"weights_{number}")
        for number, node in enumerate(graph.node):
            node.name = f"{node.op_type}_{number}"
            for index, value in enumerate(node.output):
                new.setdefault(value, f"{node.name}_{index}")
    replace_names(graph, new)
    return model


def replace_names(graph: GraphProto, new: dict[str, str]) -> None:
    """In ONNX a name stands for one value, in the graph and in all graphs within it."""
    for value in [*graph.input, *graph.output, *graph.initializer]:
        value.name = new.get(value.name, value.name)
    for node in graph.node:
        for field in (node.input, node.output):
            field[:] = [new.get(value, value) for value in field]
        for inner in subgraphs(node):
            replace_names(inner, new)


def subgraphs(node: NodeProto) -> list[GraphProto]:
    found = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return found + [graph for attribute in node.attribute for graph in attribute.graphs]
