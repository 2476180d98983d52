"""KServe's InferenceRESTClient (version 2 with JSON and with binary tensors, version 1) and its InferenceGRPCClient."""

import asyncio

import golden

# kserve reads the command line when it is imported.
PARSED, MODELS = golden.arguments(["v1", "v2 JSON", "v2 binary", "grpc"])

from kserve import (  # noqa: E402
    InferenceGRPCClient,
    InferenceRESTClient,
    InferInput,
    InferRequest,
    RESTConfig,
)

REST, GRPC = "kserve InferenceRESTClient", "kserve InferenceGRPCClient"


def request_of(model, instances, binary):
    array = model.array(instances)
    wanted = InferInput(model.input["name"], list(array.shape), model.input["datatype"])
    wanted.set_data_from_numpy(array, binary_data=binary)
    parameters = {"binary_data_output": True} if binary else None
    return InferRequest(model_name=model.name, infer_inputs=[wanted], parameters=parameters)


async def ask_rest(url, model, mode):
    compared = golden.Comparison(REST, mode, model, "kserve")
    protocol = "v1" if mode == "v1" else "v2"
    client = InferenceRESTClient(RESTConfig(protocol=protocol, timeout=20))
    for start, instances in model.batches():
        if mode == "v1":
            answer = await client.infer(url, {"instances": instances}, model_name=model.name)
            rows = answer["predictions"]
            if len(model.outputs) == 1:
                compared.check(start, {model.outputs[0]["name"]: rows})
            else:
                columns = {o["name"]: [row[o["name"]] for row in rows] for o in model.outputs}
                compared.check(start, columns)
            continue
        request = request_of(model, instances, mode == "v2 binary")
        answer = await client.infer(url, request, model_name=model.name)
        golden.expect("model_name", answer.model_name, model.name)
        compared.check(start, {o.name: o.as_numpy() for o in answer.outputs})
    if protocol == "v2":
        golden.expect("is_server_live", await client.is_server_live(url), True)
        golden.expect("is_server_ready", await client.is_server_ready(url), True)
        golden.expect("is_model_ready of none", await client.is_model_ready(url, "nope"), False)
    golden.expect("is_model_ready", await client.is_model_ready(url, model.name), True)
    await client.close()
    compared.finish()


async def ask_grpc(url, model, mode):
    compared = golden.Comparison(GRPC, mode, model, "kserve")
    async with InferenceGRPCClient(url) as client:
        for start, instances in model.batches():
            answer = await client.infer(request_of(model, instances, True))
            golden.expect("model_name", answer.model_name, model.name)
            compared.check(start, {o.name: o.as_numpy() for o in answer.outputs})
        golden.expect("is_server_live", await client.is_server_live(), True)
        golden.expect("is_server_ready", await client.is_server_ready(), True)
        golden.expect("is_model_ready", await client.is_model_ready(model.name), True)
    compared.finish()


def main():
    for model in MODELS:
        if PARSED.mode == "grpc":
            asyncio.run(ask_grpc(PARSED.grpc, model, PARSED.mode))
        else:
            asyncio.run(ask_rest(f"http://{PARSED.http}", model, PARSED.mode))


main()
