"""Trains the AND gate: a Keras network with two inputs and a softmax over two classes, on the gate's truth table.

Writes, below --out (default: this folder), what ../../training/model_folder.py says:

  <version>/model.onnx       the model as ONNX: input `inputs` float32 [N,2], output `probabilities` float32 [N,2]
  <version>/saved_model.pb   the same model as a SavedModel (with variables/), signature `serving_default` of the same names,
                             so that the folder is a model base path for the stock TensorFlow Serving as it is
  <version>/golden.json      the truth table and points between, with the answers Keras itself gave
  model.json                 what the server and its page need to know

The same versions of the libraries (requirements.txt) make the same bytes each time: the seed is fixed, TensorFlow computes in
one thread, the trained weights are rounded to 1/1024, coarser than what processors differ by, and the SavedModel is written
without its fingerprint.pb, which holds a random id and which nobody needs to load it.

    npm run train -- and-gate                  # the next version
    npm run train -- and-gate --epochs 50      # less sure of itself

Exit code 1 and one line on stderr when the network didn't learn the gate, or an exported model disagrees with Keras.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}

import keras
import numpy
import tensorflow

from training import golden, model_folder, onnx_model, parity
from training.tensorflow_model import keras_to_onnx

LABELS = ["0", "1"]
TRUTH_TABLE = numpy.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32")
ANSWERS = numpy.array([0, 0, 0, 1])

# Both compute in float32; the largest difference seen is below 1e-7.
TOLERANCE = 1e-6


def main() -> None:
    options = parse_arguments()
    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    tensorflow.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(options.seed)
    model = train(options.epochs)

    points = numpy.concatenate([TRUTH_TABLE, grid()])
    probabilities = model.predict(points, verbose=0)
    labels = probabilities.argmax(axis=1)
    if not (labels[:4] == ANSWERS).all():
        sys.exit(f"the network didn't learn the gate in {options.epochs} epochs: it answers {labels[:4].tolist()}")

    onnx = onnx_model.seal(keras_to_onnx(model, "and-gate", {"inputs": "inputs"}, ["probabilities"]))
    saved = saved_model(model)
    check_parity("ONNX", onnx_model.run(onnx, {"inputs": points}, ["probabilities"])[0], probabilities)
    check_parity("SavedModel", run_saved_model(saved, points), probabilities)

    facts = {
        "trainedOn": "the truth table of AND, 4 rows, which it is scored on as well",
        "evaluation": {"metric": "accuracy", "score": 1.0, "testRows": 4, "trainingRows": 4},
        "parameters": {"hidden": 4, "epochs": options.epochs, "seed": options.seed},
    }
    answers = {
        "source": f"Keras {keras.__version__} on TensorFlow {tensorflow.__version__}, Model.predict in float32",
        "tolerance": TOLERANCE,
        "requests": golden.classifier_requests(
            [[float(value) for value in row] for row in points], LABELS, labels, probabilities, decimals=6
        ),
    }
    model_folder.publish(options, describe(), facts, {"model.onnx": onnx, **saved}, answers)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    model_folder.add_arguments(parser, FOLDER)
    parser.add_argument("--epochs", type=int, default=300, help="passes over the truth table (default: 300)")
    parser.add_argument("--seed", type=int, default=0, help="of the first weights (default: 0)")
    return parser.parse_args()


def train(epochs: int) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((2,), name="inputs"),
            keras.layers.Dense(4, activation="relu", name="hidden"),
            keras.layers.Dense(2, activation="softmax", name="probabilities"),
        ],
        name="and_gate",
    )
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss="sparse_categorical_crossentropy")
    model.fit(TRUTH_TABLE, ANSWERS, epochs=epochs, batch_size=4, shuffle=False, verbose=0)
    model.set_weights([numpy.round(weights * 1024) / 1024 for weights in model.get_weights()])
    return model


def grid() -> numpy.ndarray:
    """Inputs that are neither 0 nor 1, and some far outside."""
    steps = numpy.arange(-1, 2.25, 0.25, dtype="float32")
    inside = numpy.stack(numpy.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    return numpy.concatenate([inside, numpy.array([[-100, 100], [1000, 1000], [1e-30, 1]], dtype="float32")])


class Served(tensorflow.Module):
    """The network under the signature TensorFlow Serving looks for. Keras' own export lists variables in a random order."""

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self.layers = [
            [tensorflow.Variable(weights, name="weights") for weights in layer.get_weights()] for layer in model.layers
        ]

    @tensorflow.function(input_signature=[tensorflow.TensorSpec([None, 2], tensorflow.float32, name="inputs")])
    def __call__(self, inputs):
        (kernel, bias), (output_kernel, output_bias) = self.layers
        hidden = tensorflow.nn.relu(inputs @ kernel + bias)
        return {"probabilities": tensorflow.nn.softmax(hidden @ output_kernel + output_bias)}


def saved_model(model: keras.Model) -> dict[str, bytes]:
    """Its files, by path below the version's folder."""
    served = Served(model)
    with tempfile.TemporaryDirectory() as folder:
        tensorflow.saved_model.save(served, folder, signatures={"serving_default": served.__call__})
        paths = [path for path in sorted(Path(folder).rglob("*")) if path.is_file() and path.name != "fingerprint.pb"]
        return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def run_saved_model(files: dict[str, bytes], points: numpy.ndarray) -> numpy.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        signature = tensorflow.saved_model.load(folder).signatures["serving_default"]
        return signature(inputs=tensorflow.constant(points))["probabilities"].numpy()


def check_parity(what: str, got: numpy.ndarray, expected: numpy.ndarray) -> None:
    parity.check("Keras", what, TOLERANCE, (got.argmax(axis=1), expected.argmax(axis=1)), (got, expected))


def describe() -> dict:
    return {
        "name": "and-gate",
        "title": "AND gate",
        "description": "Answers whether both of two bits are 1.",
        "framework": {"name": "Keras", "version": keras.__version__},
        "inputs": [
            {"name": "inputs", "datatype": "FP32", "shape": [-1, 2], "features": ["first bit", "second bit"]},
        ],
        "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]}],
        "labels": LABELS,
        "examples": [
            {"title": f"{int(a)} and {int(b)}", "instance": [float(a), float(b)]} for a, b in reversed(TRUTH_TABLE)
        ],
    }


if __name__ == "__main__":
    main()
