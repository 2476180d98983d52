"""Trains the iris model: a support vector machine (RBF kernel, probabilities on) on scikit-learn's iris data.

Writes, below --out (default: this folder), what ../../training/model_folder.py says:

  <version>/model.onnx    the model as ONNX: input `features` float32 [N,4]; outputs `label` int64 [N] (an index into
                          model.json's labels) and `probabilities` float32 [N,3], in the order of the labels
  <version>/golden.json   all 150 rows with the answers scikit-learn itself gave; the parity tests and the smoke prediction
                          of a deployment compare the served answers with these
  model.json              what the server and its page need to know: inputs, outputs, labels, examples, and for each version
                          its SHA-256, scores and parameters (other versions' entries are kept)

The same versions of the libraries (../requirements.txt) make the same bytes each time: data, split and seed are fixed, and
nothing written depends on the clock. Before anything is written, the ONNX model must agree with scikit-learn on every row.

    npm run train -- iris                                                       # the next version
    npm run train -- iris --version 2 --C 10
    python3 app/models/iris/train.py --out /tmp/other --gamma 0.01 --C 0.01      # a visibly different model

`--test-size`, `--seed` change the split. Exit code 1 and one line on stderr when the exported model disagrees.
"""

import argparse
import sys
from pathlib import Path

import joblib
import sklearn
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

from training import golden, model_folder, onnx_model, parity

# scikit-learn computes in float64, the ONNX model in float32: the largest difference seen over the data is below 1e-6.
TOLERANCE = 1e-5


def main() -> None:
    options = parse_arguments()
    iris = load_iris()
    x_train, x_test, y_train, y_test = train_test_split(
        iris.data, iris.target, test_size=options.test_size, random_state=options.seed
    )
    gamma = options.gamma if options.gamma == "scale" else float(options.gamma)
    classifier = SVC(kernel="rbf", C=options.C, gamma=gamma, probability=True, random_state=options.seed)
    classifier.fit(x_train, y_train)

    labels = classifier.predict(iris.data)
    probabilities = classifier.predict_proba(iris.data)
    model = export(classifier)
    own_labels, own_probabilities = onnx_model.run(
        model, {"features": iris.data.astype("float32")}, ["label", "probabilities"]
    )
    parity.check("scikit-learn", "ONNX", TOLERANCE, (own_labels, labels), (own_probabilities, probabilities))

    names = [str(name) for name in iris.target_names]
    facts = {
        "trainedOn": "scikit-learn's copy of Fisher's iris data, 150 rows",
        "evaluation": {
            "metric": "accuracy",
            "score": round(float(classifier.score(x_test, y_test)), 6),
            "trainingScore": round(float(classifier.score(x_train, y_train)), 6),
            "testRows": len(y_test),
            "trainingRows": len(y_train),
        },
        "parameters": {"kernel": "rbf", "C": options.C, "gamma": gamma, "seed": options.seed},
    }
    rows = [[float(value) for value in row] for row in iris.data]
    answers = {
        "source": f"scikit-learn {sklearn.__version__}, SVC.predict and predict_proba in float64",
        "tolerance": TOLERANCE,
        "requests": golden.classifier_requests(rows, names, labels, probabilities),
    }
    model_folder.publish(options, describe(names), facts, {"model.onnx": model}, answers)
    if options.pickle is not None:
        joblib.dump(classifier, options.pickle)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    model_folder.add_arguments(parser, FOLDER)
    parser.add_argument("--C", type=float, default=1.0, help="regularisation (default: 1.0)")
    parser.add_argument("--gamma", default="scale", help="kernel coefficient: a number or 'scale' (default)")
    parser.add_argument("--test-size", type=float, default=0.4, help="share of rows held back (default: 0.4)")
    parser.add_argument("--seed", type=int, default=0, help="of the split and of the probabilities (default: 0)")
    parser.add_argument("--pickle", type=Path, help="also write the fitted classifier there, with joblib")
    return parser.parse_args()


def export(classifier: SVC) -> bytes:
    return onnx_model.seal(
        to_onnx(
            classifier,
            name="iris",
            initial_types=[("features", FloatTensorType([None, 4]))],
            options={id(classifier): {"zipmap": False}},
            target_opset=onnx_model.OPSET,
        )
    )


def describe(names: list[str]) -> dict:
    return {
        "name": "iris",
        "title": "Iris flowers",
        "description": "Tells three species of iris apart by the size of their sepals and petals.",
        "framework": {"name": "scikit-learn", "version": sklearn.__version__},
        "inputs": [
            {
                "name": "features",
                "datatype": "FP32",
                "shape": [-1, 4],
                "features": ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"],
            }
        ],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]},
        ],
        "labels": names,
        "examples": [
            {"title": "a setosa", "instance": [5.1, 3.5, 1.4, 0.2]},
            {"title": "a versicolor", "instance": [6.0, 2.7, 4.2, 1.3]},
            {"title": "a virginica", "instance": [6.3, 3.3, 6.0, 2.5]},
        ],
    }


if __name__ == "__main__":
    main()
