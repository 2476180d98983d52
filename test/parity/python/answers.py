"""A framework's own answers to rows: {"label": [indices], "probabilities": [[…]]} on standard output.

python answers.py pickle FILE < rows.json      # the pipeline that train.py --pickle wrote
python answers.py and-gate < rows.json         # Keras, trained as train.py does
"""

import importlib.util
import json
import sys
from pathlib import Path

MODELS = Path(__file__).resolve().parents[3] / "app" / "models"


def main() -> None:
    kind, *rest = sys.argv[1:]
    rows = json.loads(sys.stdin.buffer.read())
    labels, probabilities = from_pickle(rest[0], rows) if kind == "pickle" else from_keras(rows)
    json.dump({"label": labels.tolist(), "probabilities": probabilities.tolist()}, sys.stdout)


def from_pickle(path: str, rows: list):
    import joblib

    pipeline = joblib.load(path)
    return pipeline.predict(rows), pipeline.predict_proba(rows)


def from_keras(rows: list):
    specification = importlib.util.spec_from_file_location("train", MODELS / "and-gate" / "train.py")
    train = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(train)
    train.keras.utils.set_random_seed(0)
    model = train.train(300)
    probabilities = model.predict(train.numpy.array(rows, dtype="float32"), verbose=0)
    return probabilities.argmax(axis=1), probabilities


if __name__ == "__main__":
    main()
