"""One style for every picture: legible colours, nothing set behind anybody's back, words for those who cannot see."""

import matplotlib as mpl
import numpy as np
import pytest

from training.plots import style
from training.plots.style import COMPARATORS, GROUND, MODEL, looks, names_at_ends, panels, picture, styled


def luminance(colour):
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def contrast(colour, ground=GROUND):
    light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["INK", "INK2", "DATA", "RAISES", "WHATIF", "STOP", "GREEN"])
def test_what_is_read_stands_out_from_the_ground(name):
    assert contrast(getattr(style, name)) >= 4.5


def test_marks_stand_out_and_values_do_on_the_band_of_health():
    assert contrast(style.EDGE) >= 3.0
    assert contrast(style.DATA, style.BAND) >= 3.0
    assert contrast(style.INK, style.OFF) >= 4.5


def test_models_differ_in_marker_and_dashes_and_not_in_colour_alone():
    everything = (MODEL, *COMPARATORS)
    assert len({look.colour for look in everything}) == len({look.marker for look in everything}) == len(everything)
    assert len({str(look.dashes) for look in everything}) == len(everything)


def test_the_model_shown_keeps_its_look_and_those_beyond_four_are_grey():
    found = looks("cox", ["boosting", "cox", "a", "b", "c", "d"])
    assert found["cox"] is MODEL
    assert [found[name] for name in ("boosting", "a", "b", "c")] == list(COMPARATORS)
    assert found["d"] is None


def test_the_style_holds_while_a_picture_is_drawn_and_no_longer():
    before = dict(mpl.rcParams)
    seen = styled(lambda: mpl.rcParams["axes.spines.left"])()
    assert seen is False
    assert dict(mpl.rcParams) == before


def test_a_picture_says_what_it_shows_in_svg_and_in_a_notebook(tmp_path):
    figure = picture(3, 2, "Risk <now>", alt='A risk of "5 %" & more')
    figure.savefig(tmp_path / "p.svg")
    text = (tmp_path / "p.svg").read_text()
    assert "<title>A risk of" in text
    assert "Risk &lt;now&gt;" in text  # as text, not as outlines
    assert figure._repr_html_().startswith('<img alt="A risk of &quot;5 %&quot; &amp; more"')


def test_names_at_the_ends_keep_their_order_and_a_distance():
    _figure, (axis,) = panels(1, "t")
    axis.set_ylim(0, 1)
    names_at_ends(axis, [(1, y, name, "#000000") for y, name in ((0.99, "c"), (0.98, "b"), (0.97, "a"), (0.1, "z"))])
    places = {text.get_text(): text.xyann[1] for text in axis.texts}
    assert places["z"] < places["a"] < places["b"] < places["c"] <= 1.0
    assert min(np.diff(sorted(places.values()))) >= 0.0449


@pytest.mark.parametrize(("ends", "places"), [((-9.0, 0.5), [0.0, 0.5]), ((0.5, 7.0), [0.5, 1.0]), ((float("nan"), 0.5), [0.5])])
def test_a_line_that_ends_outside_the_panel_is_named_at_its_edge_and_one_that_ends_nowhere_is_not(ends, places):
    figure = picture(4, 3, "a title")
    axis = figure.subplots()
    axis.set_ylim(0, 1)
    names_at_ends(axis, [(1.0, y, f"at {y}", "#000000") for y in ends])
    assert [text.xyann[1] for text in axis.texts] == pytest.approx(places)
    assert all(0.0 <= text.xy[1] <= 1.0 for text in axis.texts)
