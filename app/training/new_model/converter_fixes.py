"""Where skl2onnx 1.20 converts wrongly or not at all. `apply` mends it for the process."""

import numpy
from onnx import TensorProto
from skl2onnx import update_registered_converter
from skl2onnx.common import _container
from skl2onnx.common.data_types import FloatTensorType
from sklearn.feature_extraction.text import TfidfTransformer


def tfidf_shape(operator) -> None:
    rows = operator.inputs[0].type.shape[0]
    operator.outputs[0].type = FloatTensorType([rows, operator.inputs[0].type.shape[1]])


def convert_tfidf(scope, operator, container) -> None:
    """skl2onnx has log(1 + count) for sublinear_tf, scikit-learn 1 + log(count) for counts above 0."""
    transformer = operator.raw_operator
    result = operator.inputs[0].full_name

    def step(kind: str, inputs: list[str], **attributes) -> str:
        output = scope.get_unique_variable_name(kind.lower())
        container.add_node(kind, inputs, output, name=scope.get_unique_operator_name(kind), **attributes)
        return output

    def constant(values: numpy.ndarray) -> str:
        name = scope.get_unique_variable_name("constant")
        container.add_initializer(name, TensorProto.FLOAT, list(values.shape), values.astype(numpy.float32).ravel())
        return name

    if transformer.sublinear_tf:
        one = constant(numpy.ones(1))
        # Counts are whole: 0 or 1 when bounded by 1, and the logarithm of no count less than 1 is needed.
        occurs = step("Min", [result, one], op_version=13)
        logarithm = step("Log", [step("Max", [result, one], op_version=13)], op_version=13)
        result = step("Mul", [occurs, step("Add", [logarithm, one], op_version=14)], op_version=14)
    if transformer.use_idf:
        result = step("Mul", [result, constant(transformer.idf_)], op_version=14)
    if transformer.norm is not None:
        result = step("Normalizer", [result], op_domain="ai.onnx.ml", op_version=1, norm=transformer.norm.upper())
    container.add_node(
        "Identity", [result], operator.outputs[0].full_name, name=scope.get_unique_operator_name("Identity")
    )


make_node = _container.make_node


def make_node_of_whole_numbers(*names, **attributes):
    """HistGradientBoosting's converter has booleans where ONNX wants whole numbers; newer protobuf refuses them."""
    for name, value in attributes.items():
        if isinstance(value, list) and any(isinstance(one, bool | numpy.bool_) for one in value):
            attributes[name] = [int(one) for one in value]
    return make_node(*names, **attributes)


def apply() -> None:
    update_registered_converter(TfidfTransformer, "ModelportTfidfTransformer", tfidf_shape, convert_tfidf)
    _container.make_node = make_node_of_whole_numbers
