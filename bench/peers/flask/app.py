"""A scikit-learn model behind Flask, as a page of commands would have it: load the pickle, answer POST /predict.

MODEL is the joblib file, LABELS the JSON list of the classes' names, in the order of `classes_`.
"""

import json
import os

import joblib
from flask import Flask, jsonify, request

model = joblib.load(os.environ["MODEL"])
labels = json.loads(os.environ["LABELS"])
app = Flask(__name__)


@app.get("/readyz")
def ready():
    return "ready"


@app.post("/predict")
def predict():
    rows = model.predict_proba(request.get_json()["instances"])
    predictions = [{"label": labels[row.argmax()], "probabilities": row.tolist()} for row in rows]
    return jsonify({"predictions": predictions})
