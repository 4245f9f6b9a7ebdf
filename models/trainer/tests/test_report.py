import json
import re
from html.parser import HTMLParser

import pytest

from tests.conftest import BETTER, DECENT, SHUFFLED, package_path
from trainer.charts import Line, bar_chart, unit_chart

VOID = {"meta", "line", "polyline", "circle", "rect"}


class Outline(HTMLParser):
    """Collects text and checks that tags nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.charts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "svg":
            self.charts.append(dict(attrs)["aria-label"] or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def outline(html: str) -> Outline:
    parsed = Outline()
    parsed.feed(html)
    assert parsed.open == []
    return parsed


@pytest.mark.parametrize("version", [DECENT, BETTER, SHUFFLED])
def test_a_report_stands_alone(version: str) -> None:
    html = (package_path(version) / "report.html").read_text("utf-8")
    assert not re.search(r"<script|<link|<img|\bsrc=|\bhref=|url\(|@import|https?:", html)
    assert outline(html).charts == ["ROC curve", "Calibration", "Threshold", "Importance"]


def test_a_report_tells_what_the_card_says() -> None:
    for version in (DECENT, BETTER, SHUFFLED):
        card = json.loads((package_path(version) / "model.json").read_bytes())
        text = " ".join(outline((package_path(version) / "report.html").read_text("utf-8")).text)
        auc = card["test"]["auc"]
        for fact in (f"{auc['value']:.4f}", f"{auc['lower']:.4f}", f"{card['test']['brier']:.4f}", card["training"]["data"]["sha256"]):
            assert fact in text
        assert all(warning in text for warning in card["warnings"])
        assert ("labels shuffled on purpose" in text) == card["training"]["labelsShuffled"]


def test_charts_escape_names_and_place_points() -> None:
    chart = unit_chart("a <b>", "x & y", "y", [Line("<one>", [(0, 0), (1, 1)]), Line("two", [(0.5, 0.5)], dots=True)], mark_x=0.5)
    parsed = outline(chart)
    assert parsed.charts == ["a <b>"]
    assert "<one>" in "".join(parsed.text)
    assert 'points="52.0,276.0 446.0,12.0"' in chart
    assert 'cx="249.0" cy="144.0"' in chart


def test_bars_are_to_scale_and_a_negative_one_is_empty() -> None:
    chart = bar_chart("b", [("big", 0.2), ("half", 0.1), ("below", -0.01)])
    assert re.findall(r'<rect[^>]*width="([\d.]+)"', chart) == ["240.0", "120.0", "0.0"]
    assert "-0.0100" in chart
