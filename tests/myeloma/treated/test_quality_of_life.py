"""Quality of life: the published scales from answers, the person's own change, and what of it the evidence calls important."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myeloma import DataError
from myeloma.treated.quality_of_life import (
    PATH,
    checked_scale,
    fact_mm_subscale,
    gain,
    instruments,
    scales,
    score,
    summary_score,
    verdict,
)

NAN = math.nan
FUNCTIONS, SYMPTOMS = ("pf", "rf", "ef", "cf", "sf"), ("fa", "nv", "pa", "dy", "sl", "ap", "co", "di")
MY20 = [2, 2, 1, 1, 3, 1, 1, 1, 2, 1, 3, 1, 1, 2, 1, 1, 2, 2, 3, 2]


def scored(scale, answers):
    """Return one scale from the answers to its items, in order."""
    instrument, _, key = scale.rpartition("_")
    items = instruments()[instrument].scales[key].items
    return score(instrument, dict(zip(items, answers, strict=True)), version="3")[scale]


@pytest.mark.parametrize(
    ("scale", "answers", "expected"),
    [  # the evidence's golden cases
        ("qlq_c30_pf", [1, 2, 2, 3, 1], 73.33),
        ("qlq_c30_pf", [1, 2, NAN, 3, 1], 75.0),
        ("qlq_c30_pf", [1, NAN, NAN, NAN, 2], NAN),
        ("qlq_c30_ef", [2, 2, NAN, NAN], 66.67),
        ("qlq_c30_ql", [6, 5], 75.0),
        ("qlq_c30_fa", [2, 3, 1], 33.33),
        ("qlq_c30_dy", [3], 66.67),
        ("qlq_my20_ds", [2, 2, 1, 1, 3, 1], 22.22),
        ("qlq_my20_ds", [2, 2, 3, NAN, NAN, NAN], 44.44),
        ("qlq_my20_ds", [2, 2, NAN, NAN, NAN, NAN], NAN),
        ("qlq_my20_se", [2] * 5 + [NAN] * 5, 33.33),
        ("qlq_my20_se", [2] * 4 + [NAN] * 6, NAN),
        ("qlq_my20_fp", [2, 3, 2], 55.56),
        ("qlq_my20_fp", [2, 3, NAN], 50.0),
        ("qlq_my20_fp", [2, NAN, NAN], NAN),
        ("qlq_my20_bi", [2], 66.67),
        ("qlq_my20_bi", [4], 0),
        ("qlq_my20_bi", [1], 100),
    ],
)
def test_a_scale_from_its_answers(scale, answers, expected):
    np.testing.assert_allclose(scored(scale, answers), expected, atol=0.005)


def test_the_whole_my20_has_body_image_and_future_perspective_the_good_way_round():
    found = score("qlq_my20", dict(zip(range(31, 51), MY20, strict=True)))
    rounded = {key: round(float(value), 2) for key, value in found.items()}
    assert rounded == {"qlq_my20_ds": 22.22, "qlq_my20_se": 13.33, "qlq_my20_bi": 66.67, "qlq_my20_fp": 55.56}


def test_nine_items_of_the_my20_give_the_scales_that_they_make():
    found = score("qlq_my20", {item: [1, 4] for item in (*range(31, 37), *range(48, 51))})
    np.testing.assert_equal(found["qlq_my20_ds"], [0, 100])
    np.testing.assert_equal(found["qlq_my20_fp"], [100, 0])
    assert np.isnan(found["qlq_my20_se"]).all()


def test_the_map_is_that_of_the_evidence():
    c30, my20 = instruments()["qlq_c30"], instruments()["qlq_my20"]
    assert (c30.version, sorted(c30.highest_answers), sorted(my20.highest_answers)) == ("3", [*range(1, 31)], [*range(31, 51)])
    assert {item for item, highest in c30.highest_answers.items() if highest == 7} == {29, 30}
    assert [len(my20.scales[key].items) for key in ("ds", "se", "fp", "bi")] == [6, 10, 3, 1]
    assert {key for key, scale in c30.scales.items() if scale.better == "higher"} == {*FUNCTIONS, "ql"}
    assert {key for key, scale in my20.scales.items() if scale.better == "higher"} == {"fp", "bi"}


def complete(functional=80.0, symptom=20.0):
    return {f"qlq_c30_{key}": functional for key in FUNCTIONS} | {f"qlq_c30_{key}": symptom for key in SYMPTOMS}


def test_the_summary_score_is_the_mean_of_13_and_needs_them_all():
    assert summary_score(complete()) == pytest.approx(80.0)
    for key in complete():
        assert np.isnan(summary_score(complete() | {key: NAN}))
        assert np.isnan(summary_score({name: value for name, value in complete().items() if name != key}))
    assert summary_score(complete() | {"qlq_c30_ql": 0.0, "qlq_c30_fi": 100.0}) == pytest.approx(80.0)  # neither is in it


def test_the_summary_score_comes_with_the_scales():
    best = dict.fromkeys(range(1, 29), 1) | {29: 7, 30: 7}
    found = score("qlq_c30", best, version="3")
    assert found["qlq_c30_sum"] == 100
    assert len(found) == 16
    assert np.isnan(score("qlq_c30", {item: answer for item, answer in best.items() if item != 8}, version="3")["qlq_c30_sum"])


@pytest.mark.parametrize(
    ("item", "answer", "choices"), [(1, 5, "1, 2, 3 or 4"), (3, 0, "1, 2, 3 or 4"), (29, 8, "1, 2, 3, 4, 5, 6 or 7"), (28, 2.5, "3 or 4")]
)
def test_an_answer_that_the_item_does_not_have_is_refused(item, answer, choices):
    with pytest.raises(DataError, match=rf"Item {item} of EORTC QLQ-C30 is {answer:g}, which is no answer of it.* {choices}"):
        score("qlq_c30", {item: [1, answer, NAN]}, version="3")


def test_an_item_or_an_instrument_that_is_not_there_is_refused():
    with pytest.raises(DataError, match=r"QLQ-MY20 has no item 51.*31 to 50"):  # one of the older MY24
        score("qlq_my20", {51: 1})
    with pytest.raises(DataError, match=r'Unknown questionnaire "qlq_c31".*did you mean "qlq_c30"'):
        score("qlq_c31", {})


@pytest.mark.parametrize("version", ["2.0", "1.0", "1", "2"])
def test_a_version_below_3_is_refused(version):
    with pytest.raises(DataError, match=f'map of version 3; received version "{version}"'):
        score("qlq_c30", {1: [3]}, version=version)


def test_yes_and_no_in_items_1_to_5_are_refused_where_no_version_is_given():
    yes_or_no = {item: [1, 2, NAN] for item in range(1, 6)}
    with pytest.raises(DataError, match="1 and 2 alone, as in versions below 3"):
        score("qlq_c30", yes_or_no)
    assert score("qlq_c30", yes_or_no, version="3.0")["qlq_c30_pf"][0] == 100
    assert score("qlq_c30", yes_or_no | {3: [3, 1, 1]})["qlq_c30_pf"][1] < 100  # a 3 tells
    assert np.isnan(score("qlq_c30", {8: [1]})["qlq_c30_pf"])


@pytest.mark.parametrize("wrong", [140, -1])
def test_a_scale_outside_0_to_100_is_refused(wrong):
    with pytest.raises(DataError, match=f"qlq_c30_fa is {wrong}, which cannot be"):
        checked_scale("qlq_c30_fa", [50, wrong])
    with pytest.raises(DataError, match='did you mean "qlq_c30_fa"'):
        checked_scale("qlq_c30_fat", [50])


def test_a_rise_is_good_in_function_and_bad_in_a_symptom():
    assert gain("qlq_c30_pf", 50, 60) == 10
    assert gain("qlq_c30_fa", 50, 60) == -10
    assert {key for key, scale in scales().items() if gain(key, 40, 50) > 0} == {
        *(f"qlq_c30_{key}" for key in (*FUNCTIONS, "ql", "sum")),
        "qlq_my20_bi",
        "qlq_my20_fp",
    }


@pytest.mark.parametrize(
    ("scale", "change", "expected"),
    [  # Kvam 2010: 6 to 15 for the better, 9 to 17 for the worse
        *[("qlq_c30_pf", change, told) for change, told in [(5.9, 0), (6, 1), (14.9, 1), (15, 2), (-8.9, 0), (-9, -1), (-17, -2)]],
        *[("qlq_c30_fa", change, told) for change, told in [(6, 0), (9, -1), (17, -2), (-6, 1), (-15, 2)]],
        *[("qlq_my20_ds", change, told) for change, told in [(9.9, 0), (10, -2), (-10, 2)]],
        *[("qlq_my20_se", change, told) for change, told in [(10, -2), (-9.9, 0)]],
        *[("qlq_my20_bi", change, told) for change, told in [(12.9, 0), (13, 2), (-13, -2)]],
        *[("qlq_my20_fp", change, told) for change, told in [(9, 2), (8.9, 0), (-9, -2)]],
        ("qlq_c30_sum", 30, NAN),  # no threshold is confirmed
        ("qlq_c30_pf", NAN, NAN),
    ],
)
def test_a_change_by_the_minimal_important_differences(scale, change, expected):
    np.testing.assert_equal(verdict(scale, 50, 50 + change), float(expected))


@pytest.mark.parametrize(
    ("scale", "change", "expected"),
    [  # Eur J Haematol 2019;103:500: DS 16 / 11, SE 6 / 9, BI 33 / 33, FP 11 / 11
        *[("qlq_my20_ds", change, told) for change, told in [(-16, 2), (-15, 0), (11, -2), (10.9, 0)]],
        *[("qlq_my20_se", change, told) for change, told in [(-6, 2), (9, -2), (8.9, 0)]],
        *[("qlq_my20_bi", change, told) for change, told in [(33, 2), (-33, -2), (-32, 0)]],
        *[("qlq_my20_fp", change, told) for change, told in [(11, 2), (-11, -2)]],
        ("qlq_c30_pf", 40, NAN),
    ],
)
def test_a_change_that_makes_a_responder(scale, change, expected):
    np.testing.assert_equal(verdict(scale, 50, 50 + change, by="responder"), float(expected))


def test_a_change_of_exactly_the_threshold_counts_in_floating_point():
    assert verdict("qlq_my20_ds", 100 * 4 / 18 + 10, 100 * 4 / 18) == 2


@pytest.mark.parametrize(("answered", "expected"), [(7, NAN), (8, 28.0), (14, 28.0)])
def test_the_fact_mm_subscale_needs_more_than_half_and_is_prorated(answered, expected):
    np.testing.assert_equal(fact_mm_subscale([2.0] * answered + [NAN] * (14 - answered)), expected)


def test_a_fact_mm_item_outside_its_range_is_refused():
    with pytest.raises(DataError, match="is 5"):
        fact_mm_subscale([5.0] + [NAN] * 13)
    assert fact_mm_subscale([[4.0] * 14, [0.0] * 14]).tolist() == [56, 0]


@given(st.lists(st.sampled_from([1, 2, 3, 4, NAN]), min_size=30, max_size=30), st.integers(0, 27), st.booleans())
def test_a_worse_answer_is_never_a_better_scale(answers, which, turn):
    answers = answers[:28] + [4 if a != a else a for a in answers[28:]]
    worse = [min(4, a + (k == which)) if a == a else a for k, a in enumerate(answers)]
    before, after = (score("qlq_c30", {k + 1: a for k, a in enumerate(each)}, version="3") for each in (answers, worse))
    for key in before:
        change = gain(key, before[key], after[key])
        assert np.isnan(change) or change <= 1e-9


def test_no_wording_of_an_item_is_in_the_map():
    words = {word for line in PATH.read_text().splitlines() if not line.lstrip().startswith("#") for word in line.split()}
    assert not words & {"you", "your", "Do", "Have", "Were", "During"}
