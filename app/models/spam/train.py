"""Trains the spam model: scikit-learn's CountVectorizer and a random forest on text messages; ham is 0, spam is 1.

Writes, below --out (default: this folder), what ../../training/model_folder.py says:

  <version>/model.onnx        the forest as ONNX: input `counts` float32 [N,words]; outputs `label` int64 [N] (an index into
                              model.json's labels) and `probabilities` float32 [N,2]
  <version>/vectorizer.json   how a text becomes `counts`: the words that the forest looks at, and Python's own tables of
                              letters and cases, so that the server counts as scikit-learn does, to the last character
  <version>/golden.json       a sample of the messages, and texts in other scripts, with the answers scikit-learn itself gave
  model.json                  what the server and its page need to know; `trainedOn` says which messages

The messages are the UCI SMS Spam Collection (its text file or the zip it comes in) when it is named, else made up by corpus.py:

    npm run train -- spam                                                # made-up messages, the next version
    npm run train -- spam --data SMSSpamCollection
    npm run train -- spam --data-url https://…/sms+spam+collection.zip --sha256 …

The same messages and the same versions of Python and of the libraries (../requirements.txt) make the same bytes each time.
Exit code 1 and one line on stderr when the messages can't be had, or the exported model disagrees with scikit-learn.
"""

import argparse
import sys
from pathlib import Path

import joblib
import numpy
import sklearn
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

import messages
from probes import PROBES
from training import count_vectorizer, golden, model_folder, onnx_model, onnx_trees, parity

LABELS = ["ham", "spam"]

# scikit-learn averages in float64, the ONNX model in float32.
TOLERANCE = 1e-5
GOLDEN_MESSAGES = 150


def main() -> None:
    options = parse_arguments()
    collection = messages.read(options.data, options.data_url, options.sha256)
    train_texts, test_texts, train_classes, test_classes = train_test_split(
        collection.texts, collection.classes, test_size=0.2, random_state=options.seed, stratify=collection.classes
    )
    pipeline = make_pipeline(
        CountVectorizer(),
        RandomForestClassifier(
            n_estimators=options.trees, min_samples_leaf=options.min_samples_leaf, random_state=options.seed
        ),
    )
    pipeline.fit(train_texts, train_classes)
    model, vectorizer = export(pipeline)
    check_parity(pipeline, model, [*collection.texts, *PROBES])

    facts = {
        "trainedOn": collection.description,
        "evaluation": {
            "metric": "accuracy",
            "score": round(float(pipeline.score(test_texts, test_classes)), 6),
            "trainingScore": round(float(pipeline.score(train_texts, train_classes)), 6),
            "testRows": len(test_texts),
            "trainingRows": len(train_texts),
        },
        "parameters": {"trees": options.trees, "minSamplesLeaf": options.min_samples_leaf, "seed": options.seed},
    }
    files = {"model.onnx": model, "vectorizer.json": vectorizer}
    model_folder.publish(options, describe(), facts, files, answers(pipeline, collection.texts))
    if options.pickle is not None:
        joblib.dump(pipeline, options.pickle)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    model_folder.add_arguments(parser, FOLDER)
    data = parser.add_mutually_exclusive_group()
    data.add_argument(
        "--data", type=Path, help="the SMS Spam Collection: its text file, or the zip (default: corpus.py)"
    )
    data.add_argument("--data-url", help="where to fetch it from; needs --sha256")
    parser.add_argument("--sha256", help="checksum of what --data or --data-url names, 64 hexadecimal digits")
    parser.add_argument("--trees", type=int, default=100, help="(default: 100)")
    parser.add_argument("--min-samples-leaf", type=int, default=2, help="messages a leaf has at least (default: 2)")
    parser.add_argument("--seed", type=int, default=0, help="of the split and of the forest (default: 0)")
    parser.add_argument("--pickle", type=Path, help="also write the fitted pipeline there, with joblib")
    options = parser.parse_args()
    if options.data_url is not None and options.sha256 is None:
        parser.error("--data-url needs --sha256: what is fetched must be what was meant")
    return options


def export(pipeline: Pipeline) -> tuple[bytes, bytes]:
    """model.onnx and vectorizer.json, both for the words that the forest splits on: the others can't change an answer."""
    vectorizer, forest = pipeline[0], pipeline[-1]
    words = onnx_trees.used_features(forest)
    model = to_onnx(
        forest,
        name="spam",
        initial_types=[("counts", FloatTensorType([None, len(vectorizer.vocabulary_)]))],
        options={id(forest): {"zipmap": False}},
        target_opset=onnx_model.OPSET,
    )
    print(f"the forest looks at {len(words)} of {len(vectorizer.vocabulary_)} words", file=sys.stderr)
    return onnx_model.seal(onnx_trees.keep_features(model, words)), count_vectorizer.describe(vectorizer, words)


def check_parity(pipeline: Pipeline, model: bytes, texts: list[str]) -> None:
    counts = pipeline[0].transform(texts)[:, onnx_trees.used_features(pipeline[-1])].toarray().astype(numpy.float32)
    labels, probabilities = onnx_model.run(model, {"counts": counts}, ["label", "probabilities"])
    parity.check(
        "scikit-learn",
        "ONNX",
        TOLERANCE,
        (labels, pipeline.predict(texts)),
        (probabilities, pipeline.predict_proba(texts)),
    )


def answers(pipeline: Pipeline, texts: list[str]) -> dict:
    """golden.json: messages at even distances, then the probes."""
    sample = [*texts[:: max(1, len(texts) // GOLDEN_MESSAGES)][:GOLDEN_MESSAGES], *PROBES]
    return {
        "source": f"scikit-learn {sklearn.__version__}, Pipeline.predict and predict_proba in float64",
        "tolerance": TOLERANCE,
        "requests": golden.classifier_requests(
            sample, LABELS, pipeline.predict(sample), pipeline.predict_proba(sample)
        ),
    }


def describe() -> dict:
    return {
        "name": "spam",
        "title": "SMS spam",
        "description": "Tells advertising and fraud from what people write to people, by the words of a text message.",
        "framework": {"name": "scikit-learn", "version": sklearn.__version__},
        "inputs": [{"name": "text", "datatype": "BYTES", "shape": [-1]}],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]},
        ],
        "labels": LABELS,
        "vectorizer": {"input": "text", "graphInput": "counts"},
        "examples": [
            {"title": "a friend", "instance": "Running late, start dinner without me x"},
            {
                "title": "an advertiser",
                "instance": "WINNER!! Claim your £500 cash prize. Text WIN to 80888. T&Cs apply",
            },
        ],
    }


if __name__ == "__main__":
    main()
