"""A classifier's or regressor's graph made to answer as the server passes it on: labels as indices, no maps, plain columns."""

from onnx import ModelProto, TensorProto, helper

from training import onnx_model

ML = "ai.onnx.ml"


def drop_zip_map(model: ModelProto) -> list | None:
    """Takes out the ZipMap that makes a dictionary a row out of the probabilities.

    Returns the labels it held, None when there was none.
    """
    for node in model.graph.node:
        if node.op_type != "ZipMap" or node.domain != ML:
            continue
        labels = [value for attribute in node.attribute for value in [*attribute.strings, *attribute.ints]]
        for index, output in enumerate(model.graph.output):
            if output.name == node.output[0]:
                shape = ["rows", len(labels)]
                model.graph.output[index].CopyFrom(
                    helper.make_tensor_value_info(node.input[0], TensorProto.FLOAT, shape)
                )
        model.graph.node.remove(node)
        return [label.decode() if isinstance(label, bytes) else label for label in labels]
    return None


def index_labels(model: ModelProto, output: str, labels: list) -> None:
    """`output` holds labels, strings or whole numbers: it becomes `label`, int64 indices into `labels`.

    Does nothing but rename when the labels are 0, 1, 2, … as they are.
    """
    if labels == list(range(len(labels))):
        rename_output(model, output, "label")
        return
    classes = "label_of_class"
    onnx_model.replace_names(model.graph, {output: classes})
    free_name(model, "label")
    numbers = isinstance(labels[0], int)
    keys = {"keys_int64s": labels} if numbers else {"keys_strings": labels}
    values = list(range(len(labels)))
    require_ml(model, 2)
    add_output(
        model,
        helper.make_node(
            "LabelEncoder", [classes], ["label"], domain=ML, values_int64s=values, default_int64=-1, **keys
        ),
        replaced=classes,
        elem_type=TensorProto.INT64,
        shape=["rows"],
    )


def require_ml(model: ModelProto, version: int) -> None:
    """Converters ask for the oldest version of ai.onnx.ml that will do; later ones only add to it."""
    found = [entry for entry in model.opset_import if entry.domain == ML]
    entry = found[0] if found else model.opset_import.add(domain=ML)
    entry.version = max(entry.version, version)


def squeeze_column(model: ModelProto, output: str, name: str) -> None:
    """`output` is one column: it becomes `name`, a number a row."""
    free_name(model, name)
    axes = f"{name}_axes"
    model.graph.initializer.append(helper.make_tensor(axes, TensorProto.INT64, [1], [1]))
    node = helper.make_node("Squeeze", [output, axes], [name])
    add_output(model, node, replaced=output, elem_type=elem_type_of(model, output), shape=["rows"])


def rename_output(model: ModelProto, output: str, name: str) -> None:
    if output == name:
        return
    free_name(model, name)
    value = next(value for value in model.graph.output if value.name == output)
    model.graph.node.append(helper.make_node("Identity", [output], [name]))
    value.name = name


def free_name(model: ModelProto, name: str) -> None:
    """The graph may have a value of that name inside."""
    onnx_model.replace_names(model.graph, {name: f"{name}_inside"})


def add_output(model: ModelProto, node, replaced: str, elem_type: int, shape: list) -> None:
    model.graph.node.append(node)
    index = next(index for index, value in enumerate(model.graph.output) if value.name == replaced)
    model.graph.output[index].CopyFrom(helper.make_tensor_value_info(node.output[0], elem_type, shape))


def elem_type_of(model: ModelProto, output: str) -> int:
    return next(value for value in model.graph.output if value.name == output).type.tensor_type.elem_type
