"""Names of customers as salted hashes: a gate can leave out whom the trainer saw, and the card tells nobody who that was."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

PREFIX_BYTES = 8
SALT_BYTES = 16


@dataclass(frozen=True)
class EntityHashes:
    """`hashes`: base64 of the sorted, concatenated 8-byte prefixes of sha256(salt, entity as UTF-8); `salt`: hex."""

    salt: str
    count: int
    hashes: str


def derive_salt(*parts: str) -> str:
    """A salt (hex) that is the same for the same training run, so that a package can be rebuilt bit by bit."""
    return hashlib.sha256("\n".join(("churnops training entities", *parts)).encode()).digest()[:SALT_BYTES].hex()


def hash_entity(entity: str, salt: str) -> bytes:
    """The 8-byte prefix under which a customer stands in the card."""
    return hashlib.sha256(bytes.fromhex(salt) + entity.encode()).digest()[:PREFIX_BYTES]


def hash_entities(entities: Iterable[str], salt: str) -> EntityHashes:
    """Hashes each distinct customer once."""
    prefixes = sorted({hash_entity(entity, salt) for entity in entities})
    return EntityHashes(salt, len(prefixes), base64.b64encode(b"".join(prefixes)).decode())


def stored_prefixes(hashes: str) -> frozenset[bytes]:
    """The prefixes that a card lists."""
    data = base64.b64decode(hashes, validate=True)
    return frozenset(data[at : at + PREFIX_BYTES] for at in range(0, len(data), PREFIX_BYTES))
