"""A model package as files: written whole or not at all, verified by digest."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.canonical import digest
from trainer.card import validate
from trainer.errors import PackageError

CARD = "model.json"
GRAPH = "model.onnx"
GOLDEN = "golden.json"
REPORT = "report.html"
PICKLE = "best_model.pkl"


def file_entry(data: bytes) -> dict[str, Any]:
    """What the card says of a file."""
    return {"sha256": hashlib.sha256(data).hexdigest(), "sizeBytes": len(data)}


def write_package(directory: Path, card: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """
    Writes a package into a directory that does not exist yet or is empty: packages are immutable.

    It appears under its name only when complete. Raises PackageError where something is there already.
    """
    if directory.exists() and any(directory.iterdir()):
        raise PackageError(f"{directory} is not empty, and a package is never changed")
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=f".{directory.name}-") as scratch:
        whole = Path(scratch) / "package"
        whole.mkdir()
        for name, data in files.items():
            (whole / name).write_bytes(data)
        (whole / CARD).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", "utf-8")
        if directory.exists():
            directory.rmdir()
        shutil.move(whole, directory)


@dataclass(frozen=True)
class Package:
    """A package whose files have been verified against its card. `identity`: sha256 of the canonical card."""

    directory: Path
    card: Mapping[str, Any]
    identity: str

    def read(self, name: str) -> bytes:
        """Bytes of a file that the card lists. Raises PackageError where they are not what it lists."""
        listed = self.card["files"].get(name)
        if listed is None:
            raise PackageError(f"{name} is not in the card")
        path = self.directory / name
        if path.is_symlink() or not path.is_file():
            raise PackageError(f"{name} is listed in the card, but is no file in the package")
        data = path.read_bytes()
        if file_entry(data) != listed:
            raise PackageError(f"{name} has other bytes than the card says")
        return data


def open_package(directory: Path) -> Package:
    """
    Opens a package and verifies every file.

    Raises PackageError for a card that breaks the contract, a file with other bytes, one that is missing and one that
    the card does not list.
    """
    try:
        card = json.loads((directory / CARD).read_bytes())
    except (OSError, ValueError) as error:
        raise PackageError(f"{directory / CARD} cannot be read: {error}") from error
    validate("model-card", card)
    package = Package(directory, card, digest(card))
    for name in (GRAPH, GOLDEN, *card["files"]):
        package.read(name)
    strangers = {path.name for path in directory.iterdir()} - set(card["files"]) - {CARD}
    if strangers:
        raise PackageError(f"not listed in the card: {', '.join(sorted(strangers))}")
    return package
