"""The model as a LitServe API. MODEL and LABELS as in ../flask/app.py, PORT to listen on, BATCH: how many requests the server
may join into one call (1: none)."""

import json
import os

import joblib
import litserve
import numpy


class Predictor(litserve.LitAPI):
    def setup(self, device) -> None:
        self.model = joblib.load(os.environ["MODEL"])
        self.labels = json.loads(os.environ["LABELS"])

    def decode_request(self, request):
        return request["instances"]

    def predict(self, instances):
        return self.model.predict_proba(instances)

    def encode_response(self, rows):
        return {"predictions": [{"label": self.labels[row.argmax()], "probabilities": row.tolist()} for row in rows]}


class BatchingPredictor(Predictor):
    """Here `predict` gets a list of requests, and requests have rows."""

    def batch(self, requests):
        self.sizes = [len(instances) for instances in requests]
        return numpy.concatenate(requests)

    def unbatch(self, rows):
        return numpy.split(rows, numpy.cumsum(self.sizes)[:-1])


if __name__ == "__main__":
    batch = int(os.environ["BATCH"])
    api = Predictor() if batch == 1 else BatchingPredictor(max_batch_size=batch, batch_timeout=0.001)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, fast_queue=True)
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        num_api_servers=1,
        log_level="warning",
        access_log=False,
        generate_client_file=False,
    )
