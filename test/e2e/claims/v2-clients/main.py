"""Asks a pod for scores with the protocol's public clients, and compares with V1's.

Standard input: {"url", "model", "version", "columns", "rows", "predictions", "form"}; standard output: checks.
"""

import importlib.util
import json
import sys
import types


def library(name):
    """Makes a package's modules importable without its __init__, which imports the whole server and what that needs; the client is what is tried here."""
    spec = importlib.util.find_spec(name)
    module = types.ModuleType(name)
    module.__path__ = list(spec.submodule_search_locations)
    module.__spec__ = spec
    sys.modules[name] = module


library("kserve")
library("mlserver")

import kserve_client  # noqa: E402
import mlserver_client  # noqa: E402
import triton  # noqa: E402
from report import Case, Report  # noqa: E402

case = Case(json.load(sys.stdin))
report = Report()
for client in (triton, kserve_client, mlserver_client):
    try:
        client.run(case, report)
    except Exception as error:
        report.check(f"{client.__name__} runs to its end", False, f"{type(error).__name__}: {error}")
report.print()
