"""The primitives of drawings: colours of the house with their contrast, and texts that keep to their places."""

from itertools import pairwise

import pytest

from features.course import svg
from features.course.svg import TEXT_ON, TONES, Drawing, fitted, width_of, wrapped
from training.plots import style


def contrast(one, other):
    """Return the ratio of two colours by WCAG 2."""

    def light(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        return sum(
            w * (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4) for w, p in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["GROUND", "INK", "INK2", "LINE", "EDGE", "DATA", "RAISES", "OFF"])
def test_colours_are_those_of_the_house(name):
    assert getattr(svg, name) == getattr(style, name)


@pytest.mark.parametrize("ground", TEXT_ON)
def test_words_on_bars_can_be_read(ground):
    assert contrast(TEXT_ON[ground], ground) >= 4.5


def test_words_and_marks_on_the_ground_can_be_read():
    assert min(contrast(colour, svg.GROUND) for colour in (svg.INK, svg.INK2, svg.RAISES)) >= 4.5
    assert min(contrast(colour, svg.GROUND) for colour in (svg.DATA, svg.RAISES, svg.EDGE)) >= 3


def test_tones_differ_in_grey():
    by_lightness = [contrast(tone, "#000000") for tone in (svg.OFF, *TONES)]
    assert all(lighter / darker > 1.35 for lighter, darker in pairwise(by_lightness))


@pytest.mark.parametrize("words", ["short", "W" * 300, "daratumumab " * 30, "骨髄腫" * 60, ""])
def test_text_is_cut_to_its_place_and_says_so(words):
    cut = fitted(words, 100)
    assert width_of(cut) <= 100
    assert cut.endswith("…") == (cut != words)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_text_is_broken_into_at_most_so_many_lines(most):
    lines = wrapped("negative at a limit of 1e-06, since 3 Mar 2020; evidence 40 months old", 120, most)
    assert len(lines) == most
    assert all(width_of(line) <= 120 for line in lines)
    assert lines[-1].endswith("…")


def test_a_date_is_not_broken():
    assert wrapped("since 3\u00a0Mar\u00a02020", 80, 2) == ["since", "3\u00a0Mar\u00a02020"]


@pytest.mark.parametrize("words", ["a & b < c > d \"e\" 'f'", "\x00\x07\ud800\ufffe"])
def test_any_text_gives_xml(words):
    drawing = Drawing(10, 10, words, words)
    drawing.text(1, 1, words)
    with drawing.named(words):
        drawing.rect(0, 0, 1, 1)
    assert str(drawing).encode("utf-8")
