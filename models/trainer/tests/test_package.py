import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import DECENT, package_path
from trainer.check import check_package
from trainer.errors import PackageError
from trainer.package import file_entry, open_package, write_package


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return shutil.copytree(package_path(DECENT), tmp_path / "package")


def rewrite(package: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Changes a JSON file and lets the card vouch for it, as somebody would who means to deceive."""
    document = json.loads((package / name).read_bytes())
    changed = change(document)
    (package / name).write_text(json.dumps(document if changed is None else changed))
    if name != "model.json":
        rewrite(package, "model.json", lambda card: card["files"].update({name: file_entry((package / name).read_bytes())}))


def flip_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["model.onnx", "golden.json", "report.html", "best_model.pkl"])
def test_one_bit_is_noticed(package: Path, name: str) -> None:
    flip_bit(package / name)
    with pytest.raises(PackageError, match=f"{name} has other bytes"):
        check_package(package)


@pytest.mark.parametrize("name", ["model.onnx", "golden.json", "report.html"])
def test_a_lost_file_is_noticed(package: Path, name: str) -> None:
    (package / name).unlink()
    with pytest.raises(PackageError, match=f"{name} is listed in the card, but is no file"):
        check_package(package)


def test_a_link_is_no_file(package: Path) -> None:
    (package / "report.html").rename(package.parent / "elsewhere")
    (package / "report.html").symlink_to(package.parent / "elsewhere")
    with pytest.raises(PackageError, match="is no file"):
        check_package(package)


def test_a_stranger_is_noticed(package: Path) -> None:
    (package / "extra.bin").write_bytes(b"")
    with pytest.raises(PackageError, match=r"not listed in the card: extra\.bin"):
        check_package(package)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"schemaVersion": 1}'])
def test_a_broken_card_is_refused(package: Path, text: str | None) -> None:
    (package / "model.json").unlink() if text is None else (package / "model.json").write_text(text)
    with pytest.raises(PackageError):
        check_package(package)


@pytest.mark.parametrize("name", ["model.onnx", "golden.json"])
def test_a_card_without_a_needed_file_is_refused(package: Path, name: str) -> None:
    (package / name).unlink()
    rewrite(package, "model.json", lambda card: card["files"].pop(name) and None)
    with pytest.raises(PackageError, match=f"{name} is not in the card"):
        open_package(package)


def scale_probabilities(golden: dict[str, Any]) -> None:
    golden["probabilities"] = [value * 0.99 for value in golden["probabilities"]]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("golden.json", scale_probabilities, "golden parity: only"),
        (
            "golden.json",
            lambda golden: golden["probabilities"].__setitem__(0, 1 - golden["probabilities"][0]),
            "golden parity: a probability differs",
        ),
        ("golden.json", lambda golden: golden.update(threshold=0.5), "golden threshold is 0.5"),
        ("golden.json", lambda golden: golden["kinds"].pop(), "golden kinds has 659 values for 660 rows"),
        ("golden.json", lambda golden: golden["rows"][3].pop(), "a golden row has more or fewer values"),
        ("golden.json", lambda golden: golden["columns"].reverse(), "golden columns are"),
        ("golden.json", lambda golden: golden.update(kinds=["Real"] * 660), "fewer than 20 threshold straddlers"),
        ("golden.json", lambda golden: golden.update(rows=golden["rows"][:400]), "golden-rows $.rows"),
        ("model.json", lambda card: card["inputs"].reverse(), "golden columns are"),
        ("model.json", lambda card: card.update(kind="Card"), "model-card $.kind"),
    ],
)
def test_a_package_that_vouches_for_wrong_content_is_refused(package: Path, name: str, change: Callable[[Any], Any], message: str) -> None:
    rewrite(package, name, lambda document: (change(document), None)[1])
    with pytest.raises(PackageError) as caught:
        check_package(package)
    assert message in str(caught.value)


def test_the_graph_must_take_what_the_card_declares(package: Path) -> None:
    def declare_as_text(card: dict[str, Any]) -> None:
        (at,) = (at for at, column in enumerate(card["inputs"]) if column["name"] == "SeniorCitizen")
        card["inputs"][at] = {
            "name": "SeniorCitizen",
            "type": "category",
            "categories": ["0"],
            "unseen": "Ignore",
            "missing": card["inputs"][at]["missing"],
        }

    rewrite(package, "model.json", declare_as_text)
    with pytest.raises(PackageError, match="the card declares"):
        check_package(package)


def test_a_package_is_never_changed(package: Path) -> None:
    before = {path.name: path.read_bytes() for path in package.iterdir()}
    with pytest.raises(PackageError, match="is not empty"):
        write_package(package, {}, {"model.onnx": b""})
    assert {path.name: path.read_bytes() for path in package.iterdir()} == before


def test_an_empty_directory_is_filled_and_nothing_is_left_beside(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_package(tmp_path / "out", {"name": "ü"}, {"a.bin": b"1"})
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.bin", "model.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_package(tmp_path / "out", {"name": object()}, {"a.bin": b"1"})
    assert list(tmp_path.iterdir()) == []
