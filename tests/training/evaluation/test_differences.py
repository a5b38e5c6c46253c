"""Paired differences, subgroups and the availability audit: the same rows and people, and nothing from too few."""

import numpy as np
import pandas as pd
import pytest

from features.table.score_inputs import PREFIX
from myeloma.calendar import horizon_days
from serving.models.linear import HorizonLogistic
from training.estimators.design import fit_design
from training.evaluation.differences import named_differences, paired_differences
from training.evaluation.performance import logged_subgroups
from training.evaluation.subgroups import groups, subgroup_figures, suppressed
from training.explanation.informative_presence import availability
from training.metrics import Draws, horizon_metrics
from training.rows.censoring import REACH, FollowUp


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    n = 600
    index = pd.Timestamp("2015-01-01")
    return pd.DataFrame(
        {
            "patient_id": np.repeat([f"p{i}" for i in range(n // 2)], 2),
            "event": rng.choice(["none", "event", "competing"], n, p=[0.4, 0.4, 0.2]),
            "time_to_event": rng.integers(30, 1500, n).astype(float),
            "landmark": index + pd.to_timedelta(np.tile([0, 400], n // 2), unit="D"),
            "index_date": index,
            "site": np.where(np.arange(n) < 590, "north", "south"),
            "sex": np.tile(["female", "female", "male", ""], n // 4),
            "heavy_chain": "",
            "light_chain": "kappa",
            "score_age": np.tile([64.9, 65.0, 75.0, np.nan], n // 4),
            "score_bmpc__age_days": np.tile([np.nan, 365.0, 366.0], n // 3),
            "score_creatinine": 1.0,
        }
    )


@pytest.fixture(scope="module")
def risks(rows):
    rng = np.random.default_rng(9)
    good = np.clip(0.2 + 0.4 * (rows["event"] == "event") + rng.normal(0, 0.2, len(rows)), 0.01, 0.99)
    return {
        "good": good.to_numpy()[:, None],
        "noise": rng.random((len(rows), 1)),
        "half": np.where(np.arange(len(rows)) < 300, 0.3, np.nan)[:, None],
    }


def differences(rows, risks, draws=30):
    return paired_differences(rows, risks, ["good"], (24,), Draws.of(rows["patient_id"], draws, 1), (0.1,))


def test_a_difference_is_that_of_the_figures_on_the_rows_that_both_have(rows, risks):
    found = differences(rows, risks).set_index(["reference", "measure"])["difference"]
    both = np.isfinite(risks["half"][:, 0])
    for reference, kept in (("noise", slice(None)), ("half", both)):
        follow_up = FollowUp.of(rows[kept])
        one, other = (horizon_metrics(follow_up, risks[name][kept, 0], float(horizon_days(24))) for name in ("good", reference))
        for measure in ("auc", "brier"):
            assert found[reference, measure] == pytest.approx(one[measure] - other[measure])


def test_with_a_score_that_ranks_without_a_risk_the_auc_is_compared(rows, risks):
    unknown = np.full((len(rows), 1), np.nan)
    order = np.where(np.arange(len(rows)) < 300, 5.0 * risks["noise"][:, 0], np.nan)
    draws = Draws.of(rows["patient_id"], 5, 1)
    found = paired_differences(rows, {"good": risks["good"], "stage": unknown}, ["good"], (24,), draws, (0.1,), {"stage": order})
    beside = np.where(np.isfinite(order), risks["noise"][:, 0], np.nan)[:, None]
    same = paired_differences(rows, {"good": risks["good"], "stage": beside}, ["good"], (24,), draws, (0.1,))
    assert found["measure"].tolist() == ["auc"]
    assert found["difference"].item() == same.set_index("measure").loc["auc", "difference"]
    assert found["rows"].item() == 300


def test_the_same_people_are_drawn_for_both_so_a_model_does_not_differ_from_its_copy(rows, risks):
    found = differences(rows, {"good": risks["good"], "copy": risks["good"]})
    assert (found[["difference", "lo", "hi"]] == 0).all(axis=None)


def test_visits_out_of_the_studys_reach_are_neither_compared_nor_counted(rows, risks):
    late = np.arange(len(rows)) < 200
    within = {name: risk[~late] for name, risk in risks.items()}
    drawn = Draws.of(rows["patient_id"], 30, 1)
    found, alone = (
        paired_differences(part, of, ["good"], (24,), drawn, (0.1,))
        for part, of in ((rows.assign(**{REACH: np.where(late, 100.0, np.inf)}), risks), (rows[~late], within))
    )
    pd.testing.assert_frame_equal(found, alone)


def test_names_say_what_is_compared(rows, risks):
    found = differences(rows, risks)
    named = named_differences(found, 24)
    assert {
        "auc_24m_minus_noise",
        "auc_24m_minus_noise_lo",
        "brier_24m_minus_half_hi",
        "net_benefit_24m_at_0.10_minus_noise",
    } <= named.keys()
    assert named["auc_24m_minus_noise_lo"] > 0
    assert named_differences(found, 60) == {}


def test_groups_at_their_edges_and_unknown_values(rows):
    found = groups(rows)
    assert found["age, years"].tolist()[:4] == ["below 65", "65 to below 75", "75 and more", "unknown"]
    assert found["marrow"].tolist()[:3] == ["missing", "within a year", "older than a year"]
    assert found["sex"].tolist()[:4] == ["female", "female", "male", "unknown"]
    assert found["heavy_chain"].unique().tolist() == ["unknown"]
    assert found["eGFR, mL/min/1.73 m2"].tolist()[3] == "unknown"
    assert found["months since diagnosis"].tolist()[:2] == ["below 6", "6 to below 24"]
    assert "months since the start of line 1" in groups(rows, "the start of line 1")


def test_a_group_of_everybody_is_no_subgroup(rows, risks):
    found = subgroup_figures(rows, {name: risk[:, 0] for name, risk in risks.items()}, 24, Draws.of(rows["patient_id"], 10, 1))
    assert "heavy_chain" in groups(rows) and "heavy_chain" not in set(found["grouping"])
    assert "sex" in set(found["grouping"])


def test_where_all_are_of_one_group_there_is_no_subgroup_and_no_figure(rows, risks):
    alike = rows.assign(**dict.fromkeys(["landmark", "index_date"], rows["landmark"].max()), sex="", site="")
    alike = alike.assign(**{name: np.nan for name in alike if name.startswith(PREFIX)})
    found = subgroup_figures(alike, {"good": risks["good"][:, 0]}, 24, Draws.of(rows["patient_id"], 10, 1))
    assert found.empty
    assert logged_subgroups(found) == {}


def test_a_group_of_few_has_neither_figures_nor_counts_and_says_so(rows, risks):
    draws = Draws.of(rows["patient_id"], 10, 1)
    found = subgroup_figures(rows, {"good": risks["good"][:, 0]}, 24, draws).query("grouping == 'site'").set_index(["group", "measure"])
    assert found.loc[("north", "auc"), "lo"] < found.loc[("north", "auc"), "estimate"]
    assert found.loc[("north", "patients"), "why"] == "not written down: a count of fewer than 10 people could be computed from it"
    south = found.loc["south"]
    assert south["estimate"].isna().all()
    assert (south["why"] != "").all()
    assert south.loc["patients", "why"] == "fewer than 10 people: not written down"


def counts(people, events, **more):
    """Return the counts of groups a, b, c, ... of one grouping."""
    parts = [
        pd.DataFrame({"measure": ["patients", "rows", "events"], "estimate": [float(p), 2.0 * p, float(e)], "group": name})
        for name, p, e in zip("abcdef", people, events, strict=False)
    ]
    return pd.concat(parts, ignore_index=True).assign(**{"model": "m", "horizon": 24, "why": "", **more})


def kept_back(table):
    """Return the groups without any count; no group has only some of them."""
    hidden = suppressed(table, "group").assign(hidden=lambda t: t["estimate"].isna()).groupby("group")["hidden"]
    assert (hidden.all() == hidden.any()).all()
    return "".join(group for group, all_of_it in hidden.all().items() if all_of_it)


@pytest.mark.parametrize(
    ("people", "events", "hidden"),
    [
        ((10, 60, 90), (0, 10, 30), ""),
        ((9, 60, 90), (0, 10, 30), "ab"),  # alone, its count would be that of the whole less the others
        ((50, 90, 60), (9, 30, 20), "ac"),  # the next smallest by people
        ((9, 8, 90, 60), (0, 0, 30, 20), "ab"),
        ((4, 5, 90, 60), (0, 0, 30, 20), "abd"),  # nine people in both together
        ((50, 60, 70, 90), (3, 0, 10, 30), "abc"),  # three progress in the first two together
        ((50, 60, 70), (9, 0, 0), "abc"),
        ((9,), (0,), "a"),
    ],
)
def test_a_count_of_fewer_than_ten_people_is_neither_written_down_nor_what_is_left_of_the_whole(people, events, hidden):
    assert kept_back(counts(people, events)) == hidden


def test_whom_people_are_counted_among_does_not_tell_what_is_kept_back_at_another_horizon():
    """Fewer than ten progress in c early on; the people of a and b are as many at both horizons."""
    early, later = counts((8, 60, 70, 90), (0, 20, 9, 30)), counts((8, 60, 70, 90), (0, 30, 20, 40), horizon=60)
    found = suppressed(pd.concat([early, later], ignore_index=True), "group").query("measure == 'patients' and estimate.isna()")
    assert found.groupby("horizon")["group"].sum().to_dict() == {24: "abc", 60: "ab"}


def test_a_group_whose_people_are_kept_back_at_one_horizon_is_kept_back_at_all():
    """The study could follow fewer of a to the later horizon; as many of b at both, who would tell of a there."""
    early, later = counts((12, 60, 90), (0, 20, 30)), counts((8, 60, 90), (0, 30, 40), horizon=60)
    found = suppressed(pd.concat([early, later], ignore_index=True), "group").query("measure == 'patients' and estimate.isna()")
    assert found.groupby("horizon")["group"].sum().to_dict() == {24: "ab", 60: "ab"}


def test_what_is_kept_back_of_everybody_is_not_shown_of_those_for_whom_a_score_can_be_computed():
    """Nobody of a has the inputs of the score, everybody else has: its counts of b and c would be the model's."""
    everybody, scored = counts((9, 60, 90), (0, 20, 30)), counts((0, 60, 90), (0, 20, 30), model="score").query("group != 'a'")
    found = suppressed(pd.concat([everybody, scored], ignore_index=True), "group").query("measure == 'patients' and estimate.isna()")
    assert found.groupby("model")["group"].sum().to_dict() == {"m": "ab", "score": "bc"}


def test_why_a_group_has_no_figure_does_not_tell_a_count_that_is_kept_back():
    refused = counts((9, 40, 90), (0, 12, 30))
    auc = {"model": "m", "horizon": 24, "measure": "auc", "estimate": np.nan, "group": "b", "why": "only 12 people here progress."}
    table = pd.concat([refused, pd.DataFrame([auc, {**auc, "group": "c"}])], ignore_index=True)
    found = suppressed(table, "group")
    assert found["why"].tolist()[-2:] == ["fewer than 20 people here progress.", "only 12 people here progress."]
    assert "could be computed" in found.loc[found["group"] == "b", "why"].iloc[0]


def test_no_count_of_a_small_group_can_be_told_from_the_whole(rows, risks):
    found = subgroup_figures(rows, {name: risk[:, 0] for name, risk in risks.items()}, 24, Draws.of(rows["patient_id"], 10, 1))
    told = found[found["measure"].isin(["patients", "rows", "events", "effective_rows", "share_computable"])]
    of_sites = told[(told["grouping"] == "site") & (told["model"] == "good")]
    assert of_sites["estimate"].isna().all(), "five people at one of two sites"
    assert told[told["grouping"] == "sex"]["estimate"].notna().all()


def test_contributions_of_counts_ages_and_missing_values_are_about_availability():
    columns = ["m_protein__last__ever", "m_protein__count__ever", "bmpc__age_days__ever", "age"]
    x = np.array([[1.0, 3.0, 10.0, 60.0], [np.nan, 0.0, np.nan, 70.0]])
    values = np.array([[4.0, -1.0, 1.0, 2.0], [1.0, -1.0, 0.0, 2.0]])
    found = availability(values, x, columns)
    # Of the 4 of the known value, 1.5 is that it is known: contributions of known values are 1.5 above those of all.
    assert found["absolute_share"] == pytest.approx((1.5 + 1 + 1 + 1 + 1) / 12)
    assert found["by_kind"] == pytest.approx({"count": 2 / 12, "age_days": 1 / 12, "missing_value": 2.5 / 12})
    assert found["by_biomarker"] == pytest.approx({"m_protein": 4.5 / 12, "bmpc": 1 / 12, "age": 0.0})
    # Availability adds 1.5 and 0, the whole is 6 and 2.
    assert found["variance_share"] == pytest.approx(0.375)


def test_of_a_linear_model_it_is_the_whole_of_the_column_that_says_missing_also_where_the_value_is_known():
    columns = ["m_protein__last__ever", "age"]
    x = np.random.default_rng(3).normal(5, 1, (400, 2))
    x[::4, 0] = np.nan
    design = fit_design(x, columns, columns, indicate=True)
    both, alone = (HorizonLogistic(design, np.array(b), np.zeros(1), columns).contributions(x)[:, 0] for b in ([1, 1, 0.8], [0, 0, 0.8]))
    found = availability(both, x, columns)
    of_values = np.abs(both - alone).sum()
    assert found["absolute_share"] == pytest.approx(np.abs(alone).sum() / (np.abs(alone).sum() + of_values))
    assert np.abs(alone[~np.isnan(x[:, 0])]).sum() == pytest.approx(np.abs(alone).sum() / 2), "half of it lies where values are known"


def test_a_value_that_is_never_missing_says_nothing_by_being_known():
    x, values = np.ones((3, 1)), np.array([[1.0], [2.0], [4.0]])
    assert availability(values, x, ["m_protein__last__ever"])["absolute_share"] == pytest.approx(0.0)


def test_of_a_model_without_contributions_no_share_is_known():
    found = availability(np.zeros((3, 1)), np.ones((3, 1)), ["m_protein__last__ever"])
    assert (found["absolute_share"], found["variance_share"], found["by_biomarker"]) == (None, None, {"m_protein": None})


def test_where_availability_is_all_there_is_its_shares_are_one():
    x, values = np.ones((3, 1)), np.array([[1.0], [2.0], [4.0]])
    found = availability(values, x, ["m_protein__count__ever"])
    assert (found["absolute_share"], found["variance_share"]) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize("alike", [("A B", "A_B"), ("A/B", "A B"), ("east", "East")])
def test_sites_that_differ_in_punctuation_or_case_alone_keep_two_figures(rows, risks, alike):
    there = rows.assign(site=rows["site"].map(dict(zip(("north", "south"), alike, strict=True))))
    found = subgroup_figures(there, {"good": risks["good"][:, 0]}, 24, Draws.of(rows["patient_id"], 5, 1))
    ratios = pd.DataFrame({"measure": "oe_ratio", "grouping": "site", "group": alike, "estimate": (0.9, 2.5), "lo": np.nan, "hi": np.nan})
    logged = logged_subgroups(ratios.assign(horizon=24))
    assert set(found.loc[found["grouping"] == "site", "group"]) == set(alike)
    assert sorted(logged.values()) == [0.9, 2.5]
    assert len({name.casefold() for name in logged}) == 2


def test_subgroups_are_logged_under_the_words_of_their_grouping_and_group():
    pairs = [("sex", "female"), ("age, years", "65 to below 75"), ("eGFR, mL/min/1.73 m2", "60 and more"), ("site", "A B")]
    table = pd.DataFrame(pairs, columns=["grouping", "group"]).assign(measure="auc", horizon=24, estimate=0.7, lo=0.6, hi=np.nan)
    names = ("auc_24m_at_sex_female", "auc_24m_at_age_65_to_below_75", "auc_24m_at_eGFR_60_and_more", "auc_24m_at_site_A_B")
    assert list(logged_subgroups(table)) == [end for name in names for end in (name, f"{name}_lo")]
