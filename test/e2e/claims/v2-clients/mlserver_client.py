"""MLServer's own client code: its codecs over plain HTTP, and its batch client (`mlserver infer`)."""

import asyncio
import json

import httpx
import numpy as np
import pandas as pd
import tritonclient.http.aio as aio
from mlserver.batch_processing import BatchInputItem, process_items
from mlserver.codecs import NumpyCodec, PandasCodec, StringCodec
from mlserver.types import InferenceErrorResponse, InferenceRequest, InferenceResponse, MetadataModelResponse, MetadataServerResponse, RepositoryIndexResponse


def run(case, report):
    about(case, report)
    for title, request in [("pandas", pandas_request(case)), ("numpy and str", column_request(case))]:
        scores(case, report, title, request)
    errors(case, report)
    asyncio.run(batch(case, report))


def about(case, report):
    def get(path, kind):
        return kind.model_validate(httpx.get(f"{case.url}{path}").raise_for_status().json())

    report.equal("mlserver: server metadata", get("/v2", MetadataServerResponse).name, "churnops")
    model = get(f"/v2/models/{case.model}", MetadataModelResponse)
    report.equal("mlserver: model metadata", [tensor.name for tensor in model.inputs], [name for name, _ in case.columns])
    report.equal("mlserver: versions", get(f"/v2/models/{case.model}/versions/{case.version}", MetadataModelResponse).versions, [case.version])
    for path in ["/v2/health/live", "/v2/health/ready", f"/v2/models/{case.model}/ready", f"/v2/models/{case.model}/versions/{case.version}/ready"]:
        report.equal(f"mlserver: {path.replace(case.model, 'MODEL').replace(case.version, 'VERSION')}", httpx.get(case.url + path).status_code, 200)
    index = RepositoryIndexResponse.model_validate(httpx.post(f"{case.url}/v2/repository/index", json={}).json())
    report.equal("mlserver: repository index", [(each.name, each.state) for each in index], [(case.model, "READY")])


def pandas_request(case):
    """A data frame as a data scientist has it. Missing texts are empty: the codec itself fails for None beside text."""
    frame = pd.DataFrame({name: case.numbers(name) if kind == "number" else case.texts(name) for name, kind in case.columns})
    return PandasCodec.encode_request(frame, use_bytes=False)


def column_request(case):
    inputs = [
        NumpyCodec.encode_input(name, np.array(case.numbers(name))) if kind == "number" else StringCodec.encode_input(name, case.texts(name), use_bytes=False)
        for name, kind in case.columns
    ]
    return InferenceRequest(id="order-19", inputs=inputs)


def infer(case, body):
    return httpx.post(f"{case.url}/v2/models/{case.model}/infer", content=body, headers={"content-type": "application/json"})


def scores(case, report, title, request):
    response = InferenceResponse.model_validate(infer(case, request.model_dump_json()).raise_for_status().json())
    frame = PandasCodec.decode_response(response)
    report.scores(f"mlserver: scores, {title}", frame["probability"].tolist(), frame["decision"].tolist(), frame["label"].tolist(), case)
    outputs = {output.name: output for output in response.outputs}
    report.equal(f"mlserver: label by StringCodec, {title}", StringCodec.decode_output(outputs["label"]), [label for _, _, label in case.predictions])
    report.equal(f"mlserver: probability by NumpyCodec, {title}", NumpyCodec.decode_output(outputs["probability"]).tolist(), [probability for probability, _, _ in case.predictions])


def errors(case, report):
    number = next(name for name, kind in case.columns if kind == "number")
    request = InferenceRequest(inputs=[NumpyCodec.encode_input(number, np.array([["x"]]))])
    answer = infer(case, request.model_dump_json())
    error = InferenceErrorResponse.model_validate(answer.json()).error
    report.check("mlserver: a text for a number", answer.status_code == 400 and number in error, error)


async def batch(case, report):
    """`mlserver infer`: lines of a file become one request of its tritonclient, whose answer is split again."""
    items = []
    for index, row in enumerate(case.rows):
        inputs = [{"name": name, "shape": [1, 1], "datatype": "FP64" if kind == "number" else "BYTES", "data": [value_of(row.get(name), kind)]} for name, kind in case.columns]
        items.append(BatchInputItem(index=index, item=json.dumps({"id": f"row-{index}", "inputs": inputs}).encode()))
    for binary in (True, False):
        client = aio.InferenceServerClient(case.url.removeprefix("http://"))
        answers = await process_items(items, case.model, 0, 1, client, {}, binary)
        await client.close()
        seen = {answer.index: {output["name"]: output["data"][0] for output in json.loads(answer.item)["outputs"]} for answer in answers if b'"error"' not in answer.item}
        rows = [seen.get(index, {}) for index in range(len(items))]
        report.scores(f"mlserver: scores of a batch, {'binary' if binary else 'JSON'}", [row.get("probability") for row in rows], [row.get("decision") for row in rows], [row.get("label") for row in rows], case)


def value_of(value, kind):
    return "" if value is None and kind == "category" else value
