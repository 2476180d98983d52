"""A fitted scikit-learn classifier, regressor or pipeline, with or without a text vectorizer in front, as ONNX."""

import numpy
import sklearn
from onnx import ModelProto
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from training import count_vectorizer, onnx_model, onnx_outputs
from training.new_model import converter_fixes, example_rows
from training.new_model.converted import Converted
from training.new_model.refusal import Refusal, refuse

# LabelEncoder takes whole numbers since version 2 of ai.onnx.ml.
OPSET = {**onnx_model.OPSET, "ai.onnx.ml": 3}
INPUT = "features"
COUNTS = "counts"
TEXT = "text"

FRAMEWORK = {"name": "scikit-learn", "version": sklearn.__version__}


def convert(loaded, vectorizer, name: str, labels: list[str] | None, examples: list | None) -> Converted:
    """loaded, vectorizer: what the pickles held, the latter None without one; examples: rows of the user. Raises Refusal."""
    model = checked(loaded if vectorizer is None else joined(vectorizer, loaded))
    if is_classifier(model):
        check_classifier(model)
    elif not is_regressor(model):
        refuse(
            f"a {type(model).__name__} is neither a classifier nor a regressor",
            "predictions are classes with their probabilities, or numbers",
            "put a classifier or regressor behind it, in a Pipeline, and train that",
        )
    text, numeric = split_text(model)
    width = len(text.vocabulary_) if text is not None else feature_count(model)
    converted = to_graph(numeric, name, COUNTS if text is not None else INPUT, width)
    if text is not None:
        instances = examples or example_rows.texts(sorted(text.vocabulary_))
        if not all(isinstance(instance, str) for instance in instances):
            refuse(
                "--examples has rows that aren't text",
                "the model takes text",
                'write a JSON list of strings: ["…", "…"]',
            )
        rows, feeds = instances, {COUNTS: text_counts(text, instances)}
        inputs = [{"name": TEXT, "datatype": "BYTES", "shape": [-1]}]
    else:
        matrix = numpy.array(examples, dtype=float) if examples else example_rows.like_training(model, width)
        if matrix.ndim != 2 or matrix.shape[1] != width:
            refuse(
                "--examples doesn't fit the model",
                f"it takes rows of {width} numbers",
                "write a JSON list of such rows",
            )
        rows, feeds = named_columns(model, matrix), {INPUT: matrix.astype(numpy.float32)}
        instances = matrix.tolist()
        inputs = [{"name": INPUT, "datatype": "FP32", "shape": [-1, width], "features": feature_names(model, width)}]
    answers = answers_of(model, rows)
    outputs, label_names = finish(converted, model, answers, labels)
    return Converted(
        framework=FRAMEWORK,
        inputs=inputs,
        outputs=outputs,
        labels=label_names,
        model=onnx_model.seal(onnx_model.rename_values(converted, name, {})),
        instances=list(instances),
        feeds=feeds,
        answers=answers,
        source=f"scikit-learn {sklearn.__version__}, {type(model).__name__} in float64",
        files={} if text is None else {"vectorizer.json": vectorizer_json(text)},
        vectorizer=None if text is None else {"input": TEXT, "graphInput": COUNTS},
    )


def checked(model) -> BaseEstimator:
    if not isinstance(model, BaseEstimator):
        refuse(
            f"the file holds a {type(model).__module__}.{type(model).__name__}",
            "a fitted scikit-learn estimator or Pipeline is needed",
            "joblib.dump the estimator itself; of several steps make one Pipeline (sklearn.pipeline.make_pipeline)",
        )
    # A search is its best estimator.
    model = getattr(model, "best_estimator_", model)
    try:
        check_is_fitted(model)
    except (NotFittedError, TypeError) as error:
        refuse("the model is not trained", str(error), "call fit before writing the file")
    return model


def joined(vectorizer, model) -> Pipeline:
    for one in (vectorizer, model):
        checked(one)
    steps = model.steps if isinstance(model, Pipeline) else [("model", model)]
    return Pipeline([("vectorizer", vectorizer), *steps])


def check_classifier(model) -> None:
    if not hasattr(model, "predict_proba"):
        last = model.steps[-1][1] if isinstance(model, Pipeline) else model
        refuse(
            f"{type(last).__name__} has no predict_proba",
            "a classifier answers with the probabilities of its classes",
            "train with probabilities (SVC(probability=True), SGDClassifier(loss='log_loss')), "
            "or wrap it in CalibratedClassifierCV",
        )
    if isinstance(model.classes_, list):
        refuse(
            "the classifier has several outputs", "one label a row can be served", "train a classifier for each output"
        )


def split_text(model) -> tuple[CountVectorizer | None, BaseEstimator]:
    """The vectorizer in front, and the steps that get counts: with TfidfVectorizer, its weighting is the first of them."""
    first = model.steps[0][1] if isinstance(model, Pipeline) else None
    if isinstance(first, HashingVectorizer):
        refuse(
            "HashingVectorizer can't be served",
            "its columns have no terms",
            "train with CountVectorizer or TfidfVectorizer",
        )
    if not isinstance(first, CountVectorizer):
        return None, model
    weighting = [("tfidf", first._tfidf)] if isinstance(first, TfidfVectorizer) else []
    return first, Pipeline([*weighting, *model.steps[1:]])


def vectorizer_json(vectorizer: CountVectorizer) -> bytes:
    try:
        return count_vectorizer.describe(vectorizer)
    except count_vectorizer.Unsupported as error:
        raise Refusal("the text vectorizer can't be served", str(error), "change it as said and train again") from error


def text_counts(vectorizer: CountVectorizer, texts: list[str]) -> numpy.ndarray:
    """Without the weighting that TfidfVectorizer.transform would add."""
    return CountVectorizer.transform(vectorizer, texts).toarray().astype(numpy.float32)


def feature_count(model) -> int:
    width = getattr(model, "n_features_in_", None)
    if width is None:
        refuse(
            "the model doesn't say how many features it takes",
            "it has no n_features_in_",
            "train it again on an array of numbers",
        )
    return int(width)


def feature_names(model, width: int) -> list[str]:
    names = getattr(model, "feature_names_in_", [f"feature {number}" for number in range(1, width + 1)])
    return [str(name) for name in names]


def named_columns(model, rows: numpy.ndarray):
    """As the model saw them when it was trained: columns with names need a DataFrame, where pandas is there."""
    if not hasattr(model, "feature_names_in_"):
        return rows
    try:
        import pandas
    except ModuleNotFoundError:
        return rows
    return pandas.DataFrame(rows, columns=model.feature_names_in_)


def to_graph(model, name: str, input_name: str, width: int) -> ModelProto:
    converter_fixes.apply()
    options = {id(model): {"zipmap": False}} if is_classifier(model) else None
    types = [(input_name, FloatTensorType([None, width]))]
    try:
        return to_onnx(model, name=name, initial_types=types, options=options, target_opset=OPSET)
    except (MissingConverter, MissingShapeCalculator) as error:
        line = next(line for line in str(error).splitlines() if line.strip())
        refuse(
            "a part of the model has no ONNX converter",
            line.strip(),
            "leave that step out or use another; a model of another library has an exporter of its own (onnxmltools): "
            "pass its .onnx file to --from",
        )
    except Exception as error:  # what converters raise is anything
        refuse(
            "the model can't be converted to ONNX",
            f"{type(error).__name__}: {error.__cause__ or error}",
            "all columns must be numbers: do text columns and categories before the request, and train on the result; "
            "for an estimator with unusual settings, try its defaults",
        )


def answers_of(model, rows) -> dict[str, numpy.ndarray]:
    """The original's own, labels as indices into its classes."""
    try:
        predicted = model.predict(rows)
        if not is_classifier(model):
            return {"prediction": numpy.asarray(predicted, dtype=float)}
        places = {label: index for index, label in enumerate(model.classes_.tolist())}
        indices = numpy.array([places[label] for label in numpy.asarray(predicted).tolist()], dtype=numpy.int64)
        return {"label": indices, "probabilities": numpy.asarray(model.predict_proba(rows), dtype=float)}
    except Exception as error:  # what a model raises on rows is anything
        refuse(
            "the original can't answer the example rows",
            f"{type(error).__name__}: {error}",
            "pass rows that it can answer: --examples FILE, a JSON list",
        )


def finish(graph: ModelProto, model, answers: dict, labels: list[str] | None) -> tuple[list[dict], list[str] | None]:
    """Gives the graph's outputs the names and shapes of the server. Returns model.json's outputs and labels."""
    names = [output.name for output in graph.graph.output]
    if not is_classifier(model):
        if labels is not None:
            refuse("--labels is for classifiers", f"{type(model).__name__} predicts numbers", "leave --labels out")
        if answers["prediction"].ndim == 1:
            onnx_outputs.squeeze_column(graph, names[0], "prediction")
        else:
            onnx_outputs.rename_output(graph, names[0], "prediction")
        shape = [-1, *answers["prediction"].shape[1:]]
        return [{"name": "prediction", "datatype": "FP32", "shape": shape}], None
    classes = model.classes_.tolist()
    if labels is not None and len(labels) != len(classes):
        refuse(
            f"--labels names {len(labels)} classes",
            f"the model has {len(classes)}: {', '.join(map(str, classes))}",
            "name one for each, in that order, separated by commas",
        )
    graph_classes = [int(label) if isinstance(label, bool | int) else label for label in classes]
    onnx_outputs.index_labels(graph, names[0], graph_classes)
    onnx_outputs.rename_output(graph, names[1], "probabilities")
    outputs = [
        {"name": "label", "datatype": "INT64", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, len(classes)]},
    ]
    return outputs, labels or [str(label) for label in classes]
