"""The grammar of a figure's name: there and back, one meaning for each suffix, and no two subsets under one name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics.names import PER_PERSON, Metric, landmark_subset, landmark_years, left_out_subsets, site_subsets, subgroup_subsets

MEASURES = ("auc", "c_index", "net_benefit", "net_benefit_treat_all", "oe_ratio", "events")
sites = st.text(min_size=1, max_size=12)
subsets = st.one_of(
    st.sampled_from(["", PER_PERSON, "late", "fitted_on_120"]),
    st.sampled_from([0.25, 0.5, 1, 2, 10]).map(landmark_subset),
    sites.map(lambda site: site_subsets([site])[site]),
    sites.map(lambda site: left_out_subsets([site])[site]),
)
metrics = st.builds(
    Metric,
    st.sampled_from(MEASURES),
    st.integers(1, 600),
    st.none() | st.floats(0, 1).filter(lambda x: x == 0 or x > 1e-6),
    subsets,
    st.sampled_from(["", "mayo_2018", "latest_values_only"]),
    st.sampled_from(["", "lo", "hi"]),
)


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        (Metric("auc", 24), "auc_24m"),
        (Metric("auc", 24, bound="lo"), "auc_24m_lo"),
        (Metric("net_benefit", 24, 0.1), "net_benefit_24m_at_0.10"),
        (Metric("net_benefit", 24, 0.125), "net_benefit_24m_at_0.125"),
        (Metric("net_benefit", 24, 0.1, minus="mayo_2018", bound="hi"), "net_benefit_24m_at_0.10_minus_mayo_2018_hi"),
        (Metric("net_benefit", 24, 0.1, "at_2y"), "net_benefit_24m_at_0.10_at_2y"),
        (Metric("auc", 24, subset="at_2y"), "auc_24m_at_2y"),
        (Metric("auc", 24, subset="at_0.25y"), "auc_24m_at_0.25y"),
        (Metric("oe_ratio", 24, subset="at_sex_female", bound="lo"), "oe_ratio_24m_at_sex_female_lo"),
        (Metric("auc", 24, subset=PER_PERSON), "auc_24m_per_person"),
        (Metric("auc", 24, subset="site_east"), "auc_24m_site_east"),
    ],
)
def test_a_name_says_what_is_measured_when_on_whom_and_against_what(metric, name):
    assert metric.name == name
    assert Metric.parse(name) == metric


@given(metrics)
def test_a_name_gives_back_the_metric_it_was_made_of(metric):
    assert Metric.parse(metric.name) == metric


@pytest.mark.parametrize("name", ["changed", "fold_loss", "auc", "24m", "auc_24", "missing_m_protein", "auc_24m_"])
def test_what_is_no_figure_of_a_model_is_no_metric(name):
    assert Metric.parse(name) is None


def test_the_bounds_stand_under_the_name_of_the_estimate():
    assert Metric("ici", 60).with_bounds == ("ici_60m", "ici_60m_lo", "ici_60m_hi")


def test_only_a_landmark_has_years():
    assert [landmark_years(s) for s in (landmark_subset(2), landmark_subset(0.5), "", "late", "at_sex_female", "at_site_2y")] == [
        2,
        0.5,
        *[None] * 4,
    ]


ALIKE = ("A B", "A_B", "A/B", "a b", "A  B")


@pytest.mark.parametrize("name_them", [site_subsets, left_out_subsets])
def test_sites_that_differ_in_punctuation_or_case_alone_keep_names_of_their_own(name_them):
    names = name_them(ALIKE)
    assert len({name.casefold() for name in names.values()}) == len(ALIKE)
    assert all(re.search("-[0-9a-f]{6}$", name) for name in names.values()), "none is taken for the other in a run without the other"
    assert name_them(ALIKE[::-1]) == names, "whatever the order"
    assert name_them(["A B"]) == {"A B": names["A B"][:-7]}, "alone it needs no mark"


@pytest.mark.parametrize("site", ["ward_lo", "north_hi", "x_minus_cox", "A-0123ab"])
def test_a_site_is_never_read_as_a_bound_a_difference_or_another_site(site):
    name = Metric("auc", 24, subset=site_subsets([site])[site]).name
    assert re.search("-[0-9a-f]{6}$", name)
    assert Metric.parse(name).subset.startswith("at_site_")


@given(st.lists(st.tuples(st.sampled_from(["site", "sex", "age, years"]), sites), unique=True))
def test_no_two_subgroups_have_one_name(pairs):
    names = subgroup_subsets(pairs)
    assert list(names) == pairs
    assert len({name.casefold() for name in names.values()}) == len(pairs)
