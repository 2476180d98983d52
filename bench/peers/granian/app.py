"""The ONNX model behind bare ASGI, with msgspec for the JSON: about the least that Python can do for a request.

MODEL is the ONNX file, LABELS as in ../flask/app.py.
"""

import json
import os

import msgspec
import numpy
import onnxruntime

LABELS = json.loads(os.environ["LABELS"])
JSON = [(b"content-type", b"application/json")]


class Request(msgspec.Struct):
    instances: list[list[float]]


decode = msgspec.json.Decoder(Request).decode
encode = msgspec.json.Encoder().encode

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
run = session.run


def predict(body: bytes) -> bytes:
    features = numpy.array(decode(body).instances, dtype=numpy.float32)
    indexes, rows = run(["label", "probabilities"], {"features": features})
    predictions = [
        {"label": LABELS[index], "probabilities": row} for index, row in zip(indexes.tolist(), rows.tolist(), strict=True)
    ]
    return encode({"predictions": predictions})


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    answer = b'"ready"' if scope["path"] == "/readyz" else predict(body)
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [*JSON, (b"content-length", str(len(answer)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": answer})
