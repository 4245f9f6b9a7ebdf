"""tritonclient[http] as its users have it: binary tensors in both directions are its default."""

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

OUTPUTS = ["probability", "decision", "label", "id", "version", "role"]


def run(case, report):
    client = http.InferenceServerClient(case.url.removeprefix("http://"))
    about(client, case, report)
    for options in variants(case.full):
        scores(client, case, report, **options)
    if case.full:
        datatypes(client, case, report)
    errors(client, case, report)
    client.close()


def about(client, case, report):
    report.equal("tritonclient: live", client.is_server_live(), True)
    report.equal("tritonclient: ready", client.is_server_ready(), True)
    report.equal("tritonclient: model ready", client.is_model_ready(case.model), True)
    report.equal("tritonclient: version ready", client.is_model_ready(case.model, case.version), True)
    report.equal("tritonclient: another version is not ready", client.is_model_ready(case.model, "no-such"), False)
    report.equal("tritonclient: another model is not ready", client.is_model_ready("no-such"), False)
    server = client.get_server_metadata()
    report.equal("tritonclient: server metadata", (server["name"], server["extensions"]), ("churnops", ["binary_tensor_data"]))
    for version in ["", case.version]:
        model = client.get_model_metadata(case.model, version)
        inputs = [(tensor["name"], tensor["datatype"], tensor["shape"]) for tensor in model["inputs"]]
        expected = [(name, "FP32" if kind == "number" else "BYTES", [-1, 1]) for name, kind in case.columns]
        report.check(f"tritonclient: metadata of {version or 'the model'}", inputs == expected and model["versions"] == [case.version], f"{len(inputs)} inputs")
        report.equal(f"tritonclient: outputs of {version or 'the model'}", [tensor["name"] for tensor in model["outputs"]], OUTPUTS)
    index = client.get_model_repository_index()
    report.equal("tritonclient: repository index", [(each["name"], each["version"], each["state"]) for each in index], [(case.model, case.version, "READY")])


def variants(full):
    if not full:
        return [{}, {"binary_in": False, "binary_out": False}, {"compression": "gzip"}]
    codings = [None, "gzip", "deflate"]
    return [{"binary_in": i, "binary_out": o, "compression": c, "asked": a} for i in (True, False) for o in (True, False) for c in codings for a in (True, False) if a or o] + [{"versioned": True}]


def tensor(name, array, datatype, binary=True):
    given = http.InferInput(name, list(array.shape), datatype)
    given.set_data_from_numpy(array, binary_data=binary)
    return given


def inputs(case, binary=True, number=np.float32, datatype="FP32"):
    for name, kind in case.columns:
        if kind == "number":
            yield tensor(name, np.array(case.numbers(name), dtype=number).reshape(-1, 1), datatype, binary)
        else:
            yield tensor(name, np.array(case.texts(name), dtype=object).reshape(-1, 1), "BYTES", binary)


def answered(result, case, report, title):
    labels = [label.decode() if isinstance(label, bytes) else label for label in result.as_numpy("label")]
    report.scores(title, result.as_numpy("probability").tolist(), result.as_numpy("decision").tolist(), labels, case)


def scores(client, case, report, binary_in=True, binary_out=True, compression=None, asked=False, versioned=False):
    title = f"tritonclient: scores, {'binary' if binary_in else 'JSON'} in, {'binary' if binary_out else 'JSON'} out" + (f", {compression}" if compression else "") + (", outputs named" if asked else "") + (", of a version" if versioned else "")
    outputs = [http.InferRequestedOutput(name, binary_data=binary_out) for name in ["label", "probability", "decision"]] if asked or not binary_out else None
    result = client.infer(
        case.model,
        list(inputs(case, binary_in)),
        outputs=outputs,
        model_version=case.version if versioned else "",
        request_id="order-17",
        request_compression_algorithm=compression,
        response_compression_algorithm=compression,
    )
    answered(result, case, report, title)
    response = result.get_response()
    names = [output["name"] for output in response["outputs"]]
    about = (response["id"], response["model_name"], response["model_version"], names)
    expected = ("order-17", case.model, case.version, OUTPUTS if outputs is None else ["label", "probability", "decision"])
    report.check(f"{title}: id, name, version, outputs", about == expected, about)
    sized = ["binary_data_size" in output.get("parameters", {}) for output in response["outputs"]]
    report.check(f"{title}: binary where asked for", all(sized) if binary_out else not any(sized), f"{sum(sized)} of {len(sized)} binary")


KINDS = {
    "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64, "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
    "FP16": np.float16, "FP32": np.float32, "FP64": np.float64, "BOOL": np.bool_,
}  # fmt: skip


def datatypes(client, case, report):
    """Numbers that every datatype can hold say the same in each of them, binary or not, with and without the second dimension."""
    name = next(name for name, kind in case.columns if kind == "number")
    others = [given for given in inputs(case) if given.name() != name]
    ones = np.arange(len(case.rows)) % 2

    def probabilities(given):
        return client.infer(case.model, [*others, given]).as_numpy("probability").tolist()

    expected = probabilities(tensor(name, ones.astype(np.float64).reshape(-1, 1), "FP64"))
    for datatype, kind in KINDS.items():
        for binary in (True, False):
            for shape in ((-1, 1), (-1,)):
                array = ones.astype(kind).reshape(shape)
                seen = probabilities(tensor(name, array, datatype, binary))
                report.check(f"tritonclient: {name} as {datatype} {list(array.shape)}, {'binary' if binary else 'JSON'}", seen == expected, f"{len(seen)} rows")


def errors(client, case, report):
    def infer(*given, model=case.model, version="", **options):
        return lambda: client.infer(model, list(given), model_version=version, **options)

    def fails(title, call, *parts):
        report.raises(f"tritonclient: {title}", call, InferenceServerException, *parts)

    number = next(name for name, kind in case.columns if kind == "number")
    category = next(name for name, kind in case.columns if kind == "category")
    one = tensor(number, np.ones((1, 1), dtype=np.float32), "FP32")
    fails("unknown model", infer(one, model="no-such"), "[404]", "GET /v1/models")
    fails("unknown version", infer(one, version="no-such"), "[404]", "another version")
    fails("metadata of an unknown model", lambda: client.get_model_metadata("no-such"), "[404]")
    fails("a category as a number", infer(tensor(category, np.ones((1, 1), dtype=np.float32), "FP32")), "[400]", category, "BYTES")
    fails("a number as text", infer(tensor(number, np.array([["3"]], dtype=object), "BYTES")), "[400]", number, "FP64")
    fails("infinity", infer(tensor(number, np.array([[np.inf]], dtype=np.float32), "FP32")), "[400]", f"inputs.{number}[0]", "float32")
    fails("tensors of different rows", infer(one, tensor(category, np.array([["a"], ["b"]], dtype=object), "BYTES")), "[400]", "inputs[1] has 2 rows")
    fails("two columns in a tensor", infer(tensor(number, np.ones((1, 2), dtype=np.float32), "FP32")), "[400]", "one column")
    fails("an unknown output", infer(one, outputs=[http.InferRequestedOutput("no-such")]), "[400]", "probability")
    fails("classification", infer(one, outputs=[http.InferRequestedOutput("label", class_count=1)]), "[501]")
    fails("shared memory", infer(http.InferInput(number, [1, 1], "FP32").set_shared_memory("region", 4)), "[501]")
    fails("1,025 rows", infer(tensor(number, np.ones((1025, 1), dtype=np.float32), "FP32")), "[413]", "1,024 rows")
    fails("no rows", infer(tensor(number, np.ones((0, 1), dtype=np.float32), "FP32")), "[400]", "no rows")
    fails("loading a model", lambda: client.load_model(case.model), "[501]", "ChurnModel")
    fails("statistics, which are no part of the protocol", lambda: client.get_inference_statistics(case.model), "[404]")
