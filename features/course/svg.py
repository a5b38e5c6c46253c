"""A drawing as SVG, by hand: few primitives, presentational attributes only, every text escaped and cut to its place.

Nothing is fetched and nothing runs: no style sheet, no script, no reference, not even to a pattern of its own. So a page with a strict
content security policy may hold the drawing, and several drawings on one page share no name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree

# The light colours of the house, named by what they mean; text has at least 4.5 : 1 contrast to its ground, marks 3 : 1, grids less.
GROUND, INK, INK2, LINE, EDGE = "#FFFFFF", "#17212B", "#4C5A68", "#D3DAE1", "#74828F"
DATA, RAISES, OFF = "#0072B2", "#B34E00", "#E3E8ED"
TONES = ("#99C7E0", "#4D9CC9", DATA)
TEXT_ON = {OFF: INK, TONES[0]: INK, TONES[1]: INK, DATA: GROUND, RAISES: GROUND}
SIZE, LEADING = 12, 14
MOST_OF_A_TEXT = 500  # pixels: of a text from a file, also where it is only read out
FONT = "system-ui, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"
DASHED = "3 2"
_STRIPES = 8
_JOINS = "\u00a0"  # a space at which no line is broken
# Widths of letters as shares of the size, of a wide font: on a machine with a narrower one words end early, and never run over.
_WIDTHS = (
    {"W": 1.0, "M": 0.87, "m": 0.98, "w": 0.82, "%": 0.95, "@": 1.0}
    | dict.fromkeys("ijlI.,:;|'!", 0.34)
    | dict.fromkeys(" \u00a0ftr()[]-/⁰¹²³⁴⁵⁶⁷⁸⁹⁻", 0.42)
)


class Drawing:
    """A drawing of fixed size, in pixels.

    Parameters
    ----------
    title, description : str
        What a screen reader says of it, in short and in full.
    """

    def __init__(self, width: float, height: float, title: str, description: str) -> None:
        size = {"width": _number(width), "height": _number(height), "viewBox": f"0 0 {_number(width)} {_number(height)}"}
        attributes = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", **size, "font-family": FONT, "font-size": str(SIZE)}
        self._root = self._into = ElementTree.Element("svg", attributes)
        self._add("title").text = cleaned(title)
        self._add("desc").text = cleaned(description)
        self.rect(0, 0, width, height, GROUND)

    def __str__(self) -> str:
        return ElementTree.tostring(self._root, encoding="unicode") + "\n"

    @contextmanager
    def named(self, about: str) -> Iterator[None]:
        """Draw into a group that says what it is where a pointer rests on it."""
        outer, self._into = self._into, self._add("g")
        self._add("title").text = cleaned(about)
        yield
        self._into = outer

    def rect(self, x: float, y: float, width: float, height: float, fill: str = "none", edge: str = "", dashes: str = "") -> None:
        """Add a rectangle."""
        self._add("rect", x=x, y=y, width=max(width, 0.0), height=height, fill=fill, **_stroke(edge, 1.0, dashes))

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1.0, dashes: str = "") -> None:
        """Add a straight line."""
        self._add("line", x1=x1, y1=y1, x2=x2, y2=y2, **_stroke(colour, width, dashes))

    def path(self, points: list[tuple[float, float]], fill: str = "none", edge: str = "", width: float = 1.0) -> None:
        """Add a line through points; a filled one is closed."""
        if points:
            steps = " ".join(f"{_number(x)} {_number(y)}" for x, y in points)
            self._add("path", d=f"M{steps}{'' if fill == 'none' else 'Z'}", fill=fill, **_stroke(edge, width, ""))

    def dot(self, x: float, y: float, radius: float, fill: str, edge: str = "", width: float = 1.0) -> None:
        """Add a circle."""
        self._add("circle", cx=x, cy=y, r=radius, fill=fill, **_stroke(edge, width, ""))

    def striped(self, x: float, y: float, width: float, height: float, colour: str, edge: str) -> None:
        """Add an outlined rectangle with stripes of 45 degrees; what lies outside of it is clipped by a frame of its own."""
        frame = self._add("svg", x=x, y=y, width=max(width, 1.0), height=height)
        slanted = [
            f"M{k} {_number(height + 2)}l{_number(height + 4)} -{_number(height + 4)}"
            for k in range(-int(height) - 4, int(width) + 4, _STRIPES)
        ]
        ElementTree.SubElement(frame, "path", {"d": "".join(slanted), "stroke": colour, "stroke-width": "3", "fill": "none"})
        self.rect(x + 0.5, y + 0.5, width - 1, height - 1, edge=edge)

    def text(self, x: float, y: float, words: str, colour: str = INK, anchor: str = "start", bold: bool = False, size: int = SIZE) -> None:
        """Add one line of text on its base line."""
        more = ({"text-anchor": anchor} if anchor != "start" else {}) | ({"font-weight": "600"} if bold else {})
        more |= {"font-size": str(size)} if size != SIZE else {}
        self._add("text", x=x, y=y, fill=colour, **more).text = cleaned(words)

    def lines(self, x: float, y: float, words: str, width: float, most: int, colour: str = INK) -> None:
        """Add text that is broken into lines of a width, at most so many; what is left over is cut."""
        for k, part in enumerate(wrapped(words, width, most)):
            self.text(x, y + k * LEADING, part, colour)

    def _add(self, tag: str, **attributes: str | float) -> ElementTree.Element:
        said = {name: value if isinstance(value, str) else _number(value) for name, value in attributes.items()}
        return ElementTree.SubElement(self._into, tag, said)


def cleaned(words: str) -> str:
    """Return a text on one line, without control characters and others that XML refuses or that turn the direction of writing.

    Examples
    --------
    >>> cleaned("VRd\\x00\\u202e  then\\n lenalidomide")
    'VRd then lenalidomide'
    """
    said = "".join(" " if unicodedata.category(c)[0] in "CZ" and c != _JOINS else c for c in words)
    return re.sub(" +", " ", said).strip(" ")


def width_of(words: str, size: float = SIZE) -> float:
    """Return about how wide a text is, in pixels, and rather more."""
    return sum(1.1 if unicodedata.east_asian_width(c) in "WF" else _WIDTHS.get(c, 0.72 if c.isupper() else 0.62) for c in words) * size


def fitted(words: str, width: float) -> str:
    """Return a text, cut with an ellipsis where it is wider than its place."""
    said = cleaned(words)
    if width_of(said) <= width:
        return said
    while said and width_of(said + "…") > width:
        said = said[:-1]
    return said.rstrip() + "…"


def wrapped(words: str, width: float, most: int) -> list[str]:
    """Return a text as at most so many lines of a width; the last one is cut.

    Examples
    --------
    >>> wrapped("negative at a limit of 1e-06, since 3 Mar 2020", 120, 2)
    ['negative at a limit', 'of 1e-06, since 3…']
    """
    parts = [""]
    for word in cleaned(words).split(" "):
        longer = f"{parts[-1]} {word}".strip()
        if parts[-1] and width_of(longer) > width:
            parts.append(word)
        else:
            parts[-1] = longer
    kept, rest = parts[: most - 1], " ".join(parts[most - 1 :])
    return [fitted(part, width) for part in [*kept, rest] if part]


def _stroke(colour: str, width: float, dashes: str) -> dict[str, str | float]:
    if not colour:
        return {}
    return {"stroke": colour} | ({"stroke-width": width} if width != 1.0 else {}) | ({"stroke-dasharray": dashes} if dashes else {})


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
