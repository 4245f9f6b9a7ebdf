"""Canonical JSON (RFC 8785) and the identities made of it."""

import hashlib
from typing import Any

import rfc8785


def canonical_json(value: Any) -> bytes:
    """Sorted keys, shortest numbers as JavaScript prints them, no spaces. Raises for NaN, infinities and integers past 2^53."""
    return rfc8785.dumps(value)


def digest(value: Any) -> str:
    """Hex sha256 of the canonical JSON of a parsed document: for a card, the version's identity (DESIGN section 2.2)."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
