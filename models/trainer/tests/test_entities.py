import base64

import pytest

from trainer.entities import derive_salt, hash_entities, hash_entity, stored_prefixes

SALT = "00112233445566778899aabbccddeeff"


@pytest.mark.parametrize(
    ("entity", "prefix"),
    [
        # printf '\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff7590-VHVEG' | sha256sum
        ("7590-VHVEG", "fc9040566a017bfc"),
        ("Größe", "f902648760c74c23"),
    ],
)
def test_hash_is_of_salt_bytes_and_utf8(entity: str, prefix: str) -> None:
    assert hash_entity(entity, SALT).hex() == prefix


def test_hashes_are_sorted_prefixes_of_distinct_customers() -> None:
    found = hash_entities(["7590-VHVEG", "Größe", "7590-VHVEG"], SALT)
    assert found.count == 2
    assert base64.b64decode(found.hashes).hex() == "f902648760c74c23" + "fc9040566a017bfc"
    assert stored_prefixes(found.hashes) == {hash_entity("Größe", SALT), hash_entity("7590-VHVEG", SALT)}


def test_salt_is_of_the_run() -> None:
    assert derive_salt("telco", "1") == derive_salt("telco", "1")
    assert derive_salt("telco", "1") != derive_salt("telco", "2")
    assert len(bytes.fromhex(derive_salt("telco", "1"))) == 16
