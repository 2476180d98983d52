"""The model as a BentoML service. MODEL and LABELS as in ../flask/app.py.

STYLE chooses among the documented ways to write an API: `sync` (a thread pool calls it), `async` (on the event loop) or
`batched` (adaptive batching joins requests).
"""

import json
import os

import bentoml
import joblib
import numpy

STYLE = os.environ["STYLE"]
LABELS = json.loads(os.environ["LABELS"])


def answer(model, instances) -> list[dict]:
    rows = model.predict_proba(instances)
    return [{"label": LABELS[row.argmax()], "probabilities": row.tolist()} for row in rows]


@bentoml.service(workers=1, logging={"access": {"enabled": False}}, metrics={"enabled": False})
class Predictor:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL"])

    if STYLE == "sync":

        @bentoml.api(route="/predict")
        def predict(self, instances: list[list[float]]) -> list[dict]:
            return answer(self.model, instances)

    elif STYLE == "async":

        @bentoml.api(route="/predict")
        async def predict(self, instances: list[list[float]]) -> list[dict]:
            return answer(self.model, instances)

    else:

        @bentoml.api(route="/predict", batchable=True, max_batch_size=64, max_latency_ms=1000)
        def predict(self, instances: numpy.ndarray) -> list[dict]:
            return answer(self.model, instances)
