"""Tree ensembles in ONNX that look at the features they use, and at no other."""

import numpy
from onnx import ModelProto

FEATURE_IDS = "nodes_featureids"


def used_features(forest) -> numpy.ndarray:
    """Indices of the features that any tree of a fitted scikit-learn forest splits on, ascending."""
    return numpy.unique(numpy.concatenate([tree.tree_.feature[tree.tree_.feature >= 0] for tree in forest.estimators_]))


def keep_features(model: ModelProto, features: numpy.ndarray) -> ModelProto:
    """The model taking rows of these features only, in this order. They must include all that its trees split on."""
    place = {int(feature): index for index, feature in enumerate(features)}
    for node in model.graph.node:
        attributes = {attribute.name: attribute for attribute in node.attribute}
        if FEATURE_IDS in attributes:
            modes = attributes["nodes_modes"].strings
            ids = attributes[FEATURE_IDS].ints
            # A leaf looks at no feature; converters write 0.
            ids[:] = [0 if mode == b"LEAF" else place[feature] for mode, feature in zip(modes, ids, strict=True)]
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = len(features)
    return model
