"""NVIDIA's tritonclient over gRPC: blocking, compressed, with callbacks; health and metadata."""

import queue

import golden
import tritonclient.grpc as triton

CLIENT = "tritonclient.grpc"
SECONDS = 20


def infer_input(model, instances):
    array = model.array(instances)
    wanted = triton.InferInput(model.input["name"], list(array.shape), model.input["datatype"])
    wanted.set_data_from_numpy(array)
    return [wanted]


def ask(client, model, mode):
    options = {"outputs": [triton.InferRequestedOutput(o["name"]) for o in model.outputs]}
    if mode == "gzip":
        options["compression_algorithm"] = "gzip"
    if mode == "default":
        options = {}
    compared = golden.Comparison(CLIENT, mode, model, "tritonclient")
    for start, instances in model.batches():
        inputs = infer_input(model, instances)
        if mode == "async":
            answers = queue.Queue()
            client.async_infer(
                model.name,
                inputs,
                callback=lambda result, error, to=answers: to.put((result, error)),
                **options,
            )
            result, error = answers.get(timeout=SECONDS)
            golden.expect("error", error, None)
        else:
            result = client.infer(model.name, inputs, client_timeout=SECONDS, **options)
        response = result.get_response()
        golden.expect("model_name", response.model_name, model.name)
        golden.expect("model_version", response.model_version, model.version)
        compared.check_result(start, result)
    compared.finish()


def look(client, models):
    golden.expect("is_server_live", client.is_server_live(), True)
    golden.expect("is_server_ready", client.is_server_ready(), True)
    golden.expect("name", client.get_server_metadata().name != "", True)
    for model in models:
        golden.expect(f"{model.name} ready", client.is_model_ready(model.name), True)
        golden.expect("version ready", client.is_model_ready(model.name, model.version), True)
        described = client.get_model_metadata(model.name, as_json=True)
        golden.expect("name", described["name"], model.name)
        golden.expect("versions", sorted(described["versions"]), sorted(model.versions))
        golden.expect("inputs", described["inputs"], [as_text(model.input)])
        golden.expect("outputs", described["outputs"], [as_text(o) for o in model.outputs])
        try:
            client.infer(model.name, infer_input(model, model.instances[:1]), model_version="77")
        except triton.InferenceServerException as error:
            golden.expect("a version that isn't there", error.status(), "StatusCode.NOT_FOUND")
        else:
            golden.expect("a version that isn't there", "answered", "refused")


def as_text(tensor):
    """Protocol Buffers' JSON has 64-bit numbers as text."""
    return {
        "name": tensor["name"],
        "datatype": tensor["datatype"],
        "shape": [str(size) for size in tensor["shape"]],
    }


def main():
    parsed, models = golden.arguments(["default", "outputs", "gzip", "async", "metadata"])
    client = triton.InferenceServerClient(parsed.grpc)
    if parsed.mode == "metadata":
        look(client, models)
        return
    for model in models:
        ask(client, model, parsed.mode)


main()
