"""TensorFlow Serving's REST API with `requests`, the way TensorFlow's own guide calls it: json.dumps, post, json.loads."""

import base64
import json
import sys

import golden
import requests

CLIENT = "requests"


def url_of(http, model, version=False):
    versions = f"/versions/{model.version}" if version else ""
    return f"http://{http}/v1/models/{model.name}{versions}"


def predict(url, body):
    data = json.dumps({"signature_name": "serving_default", **body})
    response = requests.post(
        f"{url}:predict", data=data, headers={"content-type": "application/json"}, timeout=20
    )
    if response.status_code != 200:
        sys.exit(f"{CLIENT}: {url}: {response.status_code}, wanted 200: {response.text[:300]}")
    return json.loads(response.text)


def ask(http, model, mode):
    compared = golden.Comparison(CLIENT, mode, model, "requests")
    names = [output["name"] for output in model.outputs]
    url = url_of(http, model, mode == "version")
    for start, instances in model.batches():
        if mode == "base64" and model.input["datatype"] == "BYTES":
            instances = [{"b64": base64.b64encode(text.encode()).decode()} for text in instances]
        if mode.startswith("columns"):
            named = mode == "columns by name"
            answer = predict(url, {"inputs": {model.input["name"]: instances} if named else instances})
            outputs = answer["outputs"]
            compared.check(start, {names[0]: outputs} if len(names) == 1 else outputs)
            continue
        if mode == "rows by name":
            instances = [{model.input["name"]: instance} for instance in instances]
        rows = predict(url, {"instances": instances})["predictions"]
        if len(names) == 1:
            compared.check(start, {names[0]: rows})
        else:
            compared.check(start, {name: [row[name] for row in rows] for name in names})
    compared.finish()


def look(http, models):
    for model in models:
        status = requests.get(url_of(http, model), timeout=20).json()
        wanted = [
            {
                "version": version,
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
            for version in model.versions
        ]
        golden.expect("status", status["model_version_status"], wanted)
        one = requests.get(url_of(http, model, True), timeout=20).json()
        golden.expect("status of one", one["model_version_status"], wanted[:1])
        metadata = requests.get(f"{url_of(http, model)}/metadata", timeout=20).json()
        spec = metadata["model_spec"]
        golden.expect("model_spec", (spec["name"], spec["version"]), (model.name, model.version))
        signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
        golden.expect("inputs", sorted(signature["inputs"]), [model.input["name"]])
        golden.expect(
            "outputs", sorted(signature["outputs"]), sorted(o["name"] for o in model.outputs)
        )
        for name, tensor in signature["outputs"].items():
            shape = next(o["shape"] for o in model.outputs if o["name"] == name)
            sizes = [dim["size"] for dim in tensor["tensor_shape"]["dim"]]
            golden.expect(f"{name}: shape", sizes, [str(size) for size in shape])
    missing = requests.get(f"http://{http}/v1/models/nope", timeout=20)
    golden.expect("a model that isn't there", missing.status_code, 404)
    golden.expect("its error", list(missing.json()), ["error"])
    wrong = requests.post(f"{url_of(http, models[0])}:predict", data="{}", timeout=20)
    golden.expect("no instances", (wrong.status_code, list(wrong.json())), (400, ["error"]))


def main():
    modes = ["rows", "rows by name", "columns", "columns by name", "version", "base64", "metadata"]
    parsed, models = golden.arguments(modes)
    if parsed.mode == "metadata":
        look(parsed.http, models)
        return
    for model in models:
        ask(parsed.http, model, parsed.mode)


main()
