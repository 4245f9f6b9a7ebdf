import hashlib
import json
import math
from typing import Any

import pytest
import rfc8785

from trainer.canonical import canonical_json, digest


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # RFC 8785 appendix B: numbers as ECMAScript prints them.
        (1e21, "1e+21"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (999999999999999900000.0, "999999999999999900000"),
        (1e-7, "1e-7"),
        (0.000001, "0.000001"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (333333333.3333332, "333333333.3333332"),
        (1.0, "1"),
        # RFC 8785 section 3.2.3: keys by UTF-16 code units.
        (
            {"\u20ac": 1, "\r": 2, "1": 3, "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"): 4, "\ufb33": 5},
            '{"\\r":2,"1":3,"€":1,"😀":4,"\ufb33":5}',
        ),
        (["a", None, True, {"b": 0.1, "a": "\u0007"}], '["a",null,true,{"a":"\\u0007","b":0.1}]'),
    ],
)
def test_published_vectors(value: Any, text: str) -> None:
    assert canonical_json(value).decode() == text


def test_digest_does_not_depend_on_how_the_file_is_written() -> None:
    document = {"b": [1.0, 2.5e-9], "a": "ü"}
    first, second = json.loads(json.dumps(document, indent=2)), json.loads(json.dumps({"a": "ü", "b": [1, 0.0000000025]}, ensure_ascii=False))
    assert digest(first) == digest(second) == hashlib.sha256('{"a":"ü","b":[1,2.5e-9]}'.encode()).hexdigest()


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53])
def test_refuses_what_json_cannot_carry(value: float) -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical_json([value])
