"""NVIDIA's tritonclient over HTTP: its binary tensors (the default), JSON, compression, futures, health and metadata."""

import golden
import tritonclient.http as triton

CLIENT = "tritonclient.http"


def infer_input(model, instances, binary):
    array = model.array(instances)
    wanted = triton.InferInput(model.input["name"], list(array.shape), model.input["datatype"])
    wanted.set_data_from_numpy(array, binary_data=binary)
    return [wanted]


def ask(client, model, mode):
    binary = mode != "json"
    outputs = [triton.InferRequestedOutput(o["name"], binary_data=binary) for o in model.outputs]
    options = {}
    if mode in ("gzip", "deflate"):
        options = {"request_compression_algorithm": mode, "response_compression_algorithm": mode}
    # As written by most users: no outputs named, the newest version.
    if mode != "default":
        options.update(outputs=outputs, model_version=model.version, request_id="r1")
    compared = golden.Comparison(CLIENT, mode, model, "tritonclient")
    waiting = []
    for start, instances in model.batches():
        inputs = infer_input(model, instances, binary)
        if mode == "async":
            waiting.append((start, client.async_infer(model.name, inputs, **options)))
            continue
        waiting.append((start, client.infer(model.name, inputs, **options)))
    for start, result in waiting:
        if mode == "async":
            result = result.get_result()
        response = result.get_response()
        golden.expect("model_name", response["model_name"], model.name)
        golden.expect("model_version", response["model_version"], model.version)
        if "request_id" in options:
            golden.expect("id", response.get("id"), "r1")
        compared.check_result(start, result)
    compared.finish()


def look(client, models):
    golden.expect("is_server_live", client.is_server_live(), True)
    golden.expect("is_server_ready", client.is_server_ready(), True)
    golden.expect("is_model_ready of none", client.is_model_ready("nope"), False)
    metadata = client.get_server_metadata()
    golden.expect("binary extension", "binary_tensor_data" in metadata["extensions"], True)
    for model in models:
        golden.expect(f"{model.name} ready", client.is_model_ready(model.name), True)
        golden.expect("version ready", client.is_model_ready(model.name, model.version), True)
        described = client.get_model_metadata(model.name, model.version)
        golden.expect("name", described["name"], model.name)
        golden.expect("versions", sorted(described["versions"]), sorted(model.versions))
        golden.expect("inputs", described["inputs"], [strip(model.input)])
        golden.expect("outputs", described["outputs"], [strip(o) for o in model.outputs])
        try:
            client.infer(model.name, infer_input(model, model.instances[:1], True), model_version="77")
        except triton.InferenceServerException as error:
            golden.expect("status of a version that isn't there", error.status(), "404")
        else:
            golden.expect("a version that isn't there", "answered", "refused")


def strip(tensor):
    return {key: tensor[key] for key in ("name", "datatype", "shape")}


def main():
    modes = ["default", "binary", "json", "gzip", "deflate", "async", "metadata"]
    parsed, models = golden.arguments(modes)
    client = triton.InferenceServerClient(parsed.http, concurrency=4)
    if parsed.mode == "metadata":
        look(client, models)
        return
    for model in models:
        ask(client, model, parsed.mode)


main()
