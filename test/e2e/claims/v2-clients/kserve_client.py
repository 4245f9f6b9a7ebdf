"""The kserve package's InferenceRESTClient, in both of its protocols."""

import asyncio

import httpx
import numpy as np
from kserve.inference_client import InferenceRESTClient, RESTConfig
from kserve.protocol.infer_type import InferInput, InferRequest


def run(case, report):
    asyncio.run(_run(case, report))


async def _run(case, report):
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        report.equal("kserve: live", await client.is_server_live(case.url), True)
        report.equal("kserve: ready", await client.is_server_ready(case.url), True)
        report.equal("kserve: model ready", await client.is_model_ready(case.url, case.model), True)
        report.equal("kserve: another model is not ready", await client.is_model_ready(case.url, "no-such"), False)
        for binary_in in (True, False):
            for binary_out in (True, False):
                await scores(client, case, report, binary_in, binary_out)
        await errors(client, case, report)
    async with InferenceRESTClient(RESTConfig(protocol="v1")) as client:
        report.equal("kserve: live, V1", await client.is_server_live(case.url), True)
        report.equal("kserve: model ready, V1", await client.is_model_ready(case.url, case.model), True)
        answer = await client.infer(case.url, {"instances": case.rows}, case.model)
        seen = [(each["probability"], each["decision"], each["label"]) for each in answer["predictions"]]
        report.scores("kserve: scores, V1", *zip(*seen), case)


def request(case, binary_in, **options):
    inputs = []
    for name, kind in case.columns:
        number = kind == "number"
        array = np.array(case.numbers(name), dtype=np.float64) if number else np.array(case.texts(name), dtype=object)
        given = InferInput(name, [len(case.rows), 1], "FP64" if number else "BYTES")
        if number and not binary_in:
            # The package writes NaN as null (orjson).
            given.data = array.tolist()
        else:
            given.set_data_from_numpy(array.reshape(-1, 1), binary_data=binary_in)
        inputs.append(given)
    return InferRequest(case.model, inputs, **options)


async def scores(client, case, report, binary_in, binary_out):
    title = f"kserve: scores, {'binary' if binary_in else 'JSON'} in, {'binary' if binary_out else 'JSON'} out"
    response = await client.infer(case.url, request(case, binary_in, request_id="order-18", parameters={"binary_data_output": binary_out}), case.model)
    tensors = {output.name: output.as_numpy().tolist() for output in response.outputs}
    labels = [label.decode() if isinstance(label, bytes) else label for label in tensors["label"]]
    report.scores(title, tensors["probability"], tensors["decision"], labels, case)
    report.equal(f"{title}: id and name", (response.id, response.model_name), ("order-18", case.model))


async def errors(client, case, report):
    async def fails(title, call, status, *parts):
        try:
            await call
        except httpx.HTTPStatusError as error:
            text = str(error)
            passed = error.response.status_code == status and all(part in text for part in parts)
            report.check(f"kserve: {title}", passed, text[:300])
        else:
            report.check(f"kserve: {title}", False, "no error was raised")

    number = next(name for name, kind in case.columns if kind == "number")
    short = InferRequest(case.model, [InferInput(number, [2, 1], "FP32", [1.0])])
    asking = {"inputs": [{"name": number, "shape": [1], "datatype": "FP32", "data": [1]}], "outputs": [{"name": "no-such"}]}
    await fails("unknown model", client.infer(case.url, request(case, True), "no-such"), 404, "does not serve that model")
    await fails("fewer values than the shape says", client.infer(case.url, short, case.model), 400, "has 1 values, and its shape says 2")
    await fails("an unknown output", client.infer(case.url, asking, case.model), 400, "probability")
    await fails("no inputs", client.infer(case.url, {}, case.model), 400, '"inputs" is nothing')
