"""Charts as inline SVG: a report opens offline, in a mail or ten years later."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 460, 320
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 12, 44
INK, GRID = "#1f2933", "#d9dee3"
COLOURS = ("#1f5fbf", "#c2410c", "#4d7c0f")
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Line:
    """A named line of points in the unit square. `dots` marks each point."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False


def unit_chart(title: str, x_label: str, y_label: str, lines: Sequence[Line], *, diagonal: bool = False, mark_x: float | None = None) -> str:
    """Lines over axes from 0 to 1. `diagonal`: a dashed y = x. `mark_x`: a dashed vertical line, such as the threshold."""
    parts = [*_grid(), _axis_labels(x_label, y_label)]
    if diagonal:
        parts.append(_dashed((0, 0), (1, 1)))
    if mark_x is not None:
        parts.append(_dashed((mark_x, 0), (mark_x, 1)))
    for colour, line in zip(COLOURS, lines, strict=False):
        path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in line.points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if line.dots:
            parts += [f'<circle cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="3.5" fill="{colour}"/>' for x, y in line.points]
    return _svg(title, HEIGHT, parts) + _legend([line.name for line in lines])


def bar_chart(title: str, bars: Sequence[tuple[str, float]], digits: int = 4) -> str:
    """Horizontal bars, in the order given; a negative value is drawn as none, its number tells."""
    row, name_width, number_width = 22, 150, 70
    longest = max((value for _, value in bars), default=0.0) or 1.0
    parts = []
    for index, (name, value) in enumerate(bars):
        y = index * row
        length = max(value, 0.0) / longest * (WIDTH - name_width - number_width)
        parts.append(f'<text x="{name_width - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect x="{name_width}" y="{y + 4}" width="{length:.1f}" height="{row - 8}" fill="{COLOURS[0]}"/>')
        parts.append(f'<text x="{name_width + length + 6:.1f}" y="{y + 15}">{value:.{digits}f}</text>')
    return _svg(title, row * len(bars) + 4, parts)


def _x(value: float) -> float:
    return LEFT + value * (WIDTH - LEFT - RIGHT)


def _y(value: float) -> float:
    return HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM)


def _grid() -> list[str]:
    parts = []
    for tick in TICKS:
        parts.append(f'<line x1="{_x(tick):.1f}" y1="{_y(0):.1f}" x2="{_x(tick):.1f}" y2="{_y(1):.1f}" stroke="{GRID}"/>')
        parts.append(f'<line x1="{_x(0):.1f}" y1="{_y(tick):.1f}" x2="{_x(1):.1f}" y2="{_y(tick):.1f}" stroke="{GRID}"/>')
        parts.append(f'<text x="{_x(tick):.1f}" y="{_y(0) + 16:.1f}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="{_x(0) - 6:.1f}" y="{_y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    return parts


def _axis_labels(x_label: str, y_label: str) -> str:
    middle = _y(0.5)
    return (
        f'<text x="{_x(0.5):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_label)}</text>'
        f'<text x="14" y="{middle:.1f}" text-anchor="middle" transform="rotate(-90 14 {middle:.1f})">{escape(y_label)}</text>'
    )


def _dashed(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line x1="{_x(x1):.1f}" y1="{_y(y1):.1f}" x2="{_x(x2):.1f}" y2="{_y(y2):.1f}" stroke="{INK}" stroke-dasharray="5 4" opacity="0.6"/>'


def _legend(names: Sequence[str]) -> str:
    if len(names) < 2:
        return ""
    keys = [f'<span style="color:{colour}">\u25a0</span> {escape(name)}' for colour, name in zip(COLOURS, names, strict=False)]
    return f'<p class="legend">{" &nbsp; ".join(keys)}</p>'


def _svg(title: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img" aria-label="{escape(title, quote=True)}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}">{"".join(parts)}</svg>'
    )
