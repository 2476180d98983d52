"""Files of a user, to be converted: `python own_models.py sklearn FOLDER` or `… tensorflow FOLDER`."""

import os
import sys
from pathlib import Path

TEXTS = [
    "Win a FREE prize now, call now",
    "free cash prize, text WIN",
    "claim your cash",
    "are you free for lunch?",
    "see you at lunch, call me",
    "running late, start without me",
]
KINDS = ["spam", "spam", "spam", "ham", "ham", "ham"]


def scikit_learn(folder: Path) -> None:
    import joblib
    import numpy
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.datasets import load_diabetes, load_wine
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    wine = load_wine()
    # Labels that are neither 0, 1, 2 nor text, to be told apart from indices.
    classifier = RandomForestClassifier(20, random_state=0).fit(wine.data, 10 * wine.target + 5)
    joblib.dump(classifier, folder / "classifier.joblib")
    joblib.dump(LinearSVC(random_state=0).fit(wine.data, wine.target), folder / "no-probabilities.joblib")
    joblib.dump(
        make_pipeline(StandardScaler(), Ridge()).fit(*load_diabetes(return_X_y=True)), folder / "regression.joblib"
    )
    tfidf = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, stop_words=["you", "your"])
    joblib.dump(make_pipeline(tfidf, LogisticRegression()).fit(TEXTS, KINDS), folder / "text.joblib")
    vectorizer = CountVectorizer(binary=True)
    forest = RandomForestClassifier(10, random_state=0).fit(vectorizer.fit_transform(TEXTS), KINDS)
    joblib.dump(vectorizer, folder / "vectorizer.pkl")
    joblib.dump(forest, folder / "forest.pkl")
    joblib.dump(
        make_pipeline(TfidfVectorizer(analyzer="char"), LogisticRegression()).fit(TEXTS, KINDS), folder / "char.joblib"
    )
    joblib.dump(LogisticRegression(), folder / "untrained.joblib")
    joblib.dump({"model": classifier}, folder / "dictionary.joblib")
    own_class(folder)

    scaled = make_pipeline(StandardScaler(), LogisticRegression()).fit(wine.data, wine.target_names[wine.target])
    onnx.save(
        to_onnx(scaled, initial_types=[("X", FloatTensorType([None, 13]))], target_opset=18), folder / "zip-map.onnx"
    )
    weights = numpy_helper.from_array(numpy.arange(6, dtype="float32").reshape(3, 2), "w")
    for name, rows in (("plain", "rows"), ("one-row", 1)):
        graph = helper.make_graph(
            [helper.make_node("MatMul", ["a", "w"], ["y"])],
            name,
            [helper.make_tensor_value_info("a", TensorProto.FLOAT, [rows, 3])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [rows, 2])],
            [weights],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
        onnx.save(model, folder / f"{name}.onnx")
    onnx.save(model, folder / "external.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)


def own_class(folder: Path) -> None:
    """A class of a script: whoever loads the file doesn't have it."""
    import pickle

    class Model:
        pass

    Model.__module__, Model.__qualname__ = "__main__", "Model"
    sys.modules["__main__"].Model = Model
    (folder / "own-class.pkl").write_bytes(pickle.dumps(Model()))


def tensorflow(folder: Path) -> None:
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}
    import keras
    import tensorflow

    keras.utils.set_random_seed(0)
    layers = [keras.Input((4,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(3, activation="softmax")]
    keras.Sequential(layers).export(folder / "keras", verbose=False)

    class Text(tensorflow.Module):
        @tensorflow.function(input_signature=[tensorflow.TensorSpec([None], tensorflow.string)])
        def __call__(self, text):
            return {"length": tensorflow.strings.length(text)}

    text = Text()
    tensorflow.saved_model.save(text, folder / "strings", signatures={"serving_default": text.__call__})


if __name__ == "__main__":
    {"sklearn": scikit_learn, "tensorflow": tensorflow}[sys.argv[1]](Path(sys.argv[2]))
