"""The simulated cohort: reproducible, clean, in each site's own units; what a person shows and how a history ends."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.history.derived import measured_and_derived
from features.intake.quality import clean, inspect
from features.simulation.life_table import cumulative_death_rate
from features.simulation.smm import CONTRAST, DEFAULT, simulate, world_named
from features.simulation.smm.ends import draw_ends
from features.simulation.smm.people import draw_people
from myeloma import ConfigError

UNDISCOVERED = dict.fromkeys(DEFAULT.discovery, 0.0)


@pytest.fixture(scope="module")
def large():
    """Return 1,500 people, enough for the figures below to be steady."""
    return clean(simulate(1500, seed=1))[0]


@pytest.fixture(scope="module")
def end():
    """Return a function: cohort -> the day on which each patient's natural history was last seen."""

    def first_end(cohort):
        return cohort.events.groupby("patient_id")["occurred_at"].min()

    return first_end


def test_the_same_seed_gives_the_same_cohort_and_another_seed_another():
    def content(seed):
        return clean(simulate(60, seed))[0].content_hash()

    assert content(3) == content(3)
    assert content(3) != content(4)


@pytest.mark.parametrize("world", [DEFAULT, CONTRAST], ids=["default", "contrast"])
@pytest.mark.parametrize("patients", [1, 2, 300])
def test_every_row_passes_the_quality_check(patients, world):
    cohort, quarantine = inspect(simulate(patients, 5, world))
    assert quarantine.empty
    assert len(cohort.patients) == patients


def test_sites_write_their_own_units(smm_cohort):
    site = smm_cohort.measurements["patient_id"].map(smm_cohort.patients.set_index("patient_id")["site"])
    units = smm_cohort.measurements.groupby(["biomarker", site])["original_unit"].agg(lambda u: "|".join(sorted(set(u))))
    assert not units.str.contains("|", regex=False).any(), "one site, one unit"
    assert {"mg/dL", "umol/L"} == set(units["creatinine"])
    assert {"g/dL", "g/L"} == set(units["m_protein"]) == set(units["hemoglobin"])
    assert {"mg/L", "mg/dL"} == set(units["flc_kappa"])


def test_the_canonical_value_does_not_tell_the_unit_it_was_written_in(large):
    values = large.measurements[large.measurements["biomarker"] == "creatinine"].groupby("original_unit")["value"].median()
    assert values["umol/L"] == pytest.approx(values["mg/dL"], rel=0.05)


def test_everybody_has_one_index_visit_and_one_end_at_least(smm_cohort, end):
    baseline = smm_cohort.measurements.groupby("patient_id")["collected_at"].min()
    assert (baseline == smm_cohort.patients.set_index("patient_id")["index_date"]).all()
    assert set(end(smm_cohort).index) == set(smm_cohort.patients["patient_id"])


def test_nothing_is_measured_or_known_on_or_after_the_first_end(large, end):
    late = large.measurements["available_at"] >= large.measurements["patient_id"].map(end(large))
    assert late.sum() == 0


def test_nobody_has_an_event_before_the_index_date_or_after_the_study(large):
    since = large.events["occurred_at"] - large.events["patient_id"].map(large.patients.set_index("patient_id")["index_date"])
    assert since.min() >= pd.Timedelta(days=1)
    assert large.events["occurred_at"].max() <= pd.Timestamp("2024-12-31")


def stable(world, people):
    """Return a cohort of a world in which nothing grows, nobody progresses, and everybody is watched to the study's end."""
    never = dict.fromkeys(("slow_growth", "slow_growth_sd", "fast_present", "intensity", "unforeseen", "treatment", "loss"), 0.0)
    steady = dict.fromkeys(("hemoglobin_ageing", "creatinine_ageing"), 0.0)
    rare = dict.fromkeys(("fast_arrival", "death_factor"), 1e-9)
    still = replace(world, **never, **steady, **rare, discovery=UNDISCOVERED)
    return clean(simulate(people, 1, still))[0]


@pytest.mark.parametrize("world", [DEFAULT, CONTRAST], ids=["default", "contrast"])
def test_a_stable_person_shows_the_published_variation(world):
    cohort = stable(world, 400)
    measured = measured_and_derived(cohort)
    logs = np.log(measured["value"]).groupby([measured["biomarker"], measured["patient_id"]])
    spread = np.sqrt(logs.var(ddof=1).groupby("biomarker").mean())
    # Katzmann, Clin Chem 2011;57:1687 (involved chain; the ratio is taken to vary as much); Front Med 2022, 10.3389/fmed.2022.1009358.
    for biomarker, cv in (("m_protein", 0.081), ("flc_involved", 0.284), ("flc_ratio", 0.284), ("creatinine", 0.05)):
        assert np.sqrt(np.expm1(spread[biomarker] ** 2)) == pytest.approx(cv, rel=0.06), biomarker


def test_a_visit_lacks_a_marrow_mostly_and_light_chains_come_together(smm_cohort):
    visit = smm_cohort.measurements.groupby(["patient_id", "collected_at"])["biomarker"].agg(set)
    chains = visit.map(lambda found: len(found & {"flc_kappa", "flc_lambda"}))
    later = visit[visit.index.get_level_values("collected_at") > visit.index.get_level_values("patient_id").map(
        smm_cohort.patients.set_index("patient_id")["index_date"])]  # fmt: skip
    assert set(chains) == {0, 2}
    assert 0.05 < later.map(lambda found: "bmpc" in found).mean() < 0.2


def late_share(cohort, biomarker):
    rows = cohort.measurements[cohort.measurements["biomarker"] == biomarker]
    return (rows["available_at"] > rows["collected_at"]).mean()


def test_some_results_are_known_later_than_they_were_collected_and_more_in_the_other_world(large):
    other = clean(simulate(300, 1, CONTRAST))[0]
    assert late_share(large, "bmpc") == pytest.approx(0.3, abs=0.05)
    assert late_share(large, "m_protein") == 0
    assert late_share(other, "m_protein") == pytest.approx(0.3, abs=0.05)
    assert late_share(other, "bmpc") == pytest.approx(0.8, abs=0.06)


def test_sites_differ_in_their_people(large):
    marrow = large.measurements[large.measurements["biomarker"] == "bmpc"]
    site = marrow["patient_id"].map(large.patients.set_index("patient_id")["site"])
    mean = marrow["value"].groupby(site).mean()
    assert mean["north"] > mean["south"]


def test_heavy_chain_and_fish_are_unknown_since_no_source_gives_their_shares(smm_cohort):
    assert set(smm_cohort.patients["heavy_chain"]) == set(smm_cohort.patients["fish"]) == {""}


def test_treatment_lowers_progression_as_in_its_trial():
    people = draw_people(DEFAULT, 20_000, seed=2)
    at_once = replace(DEFAULT, treatment=1e6, discovery=UNDISCOVERED)
    treated = people.traits.burden > 21
    with_it, without = (draw_ends(world, people, 2).progression[treated] for world in (at_once, replace(at_once, treatment=0.0)))
    # Each person's threshold is the same in both, so a halved intensity reaches it later, never earlier.
    assert (with_it >= without).all()
    assert np.isfinite(with_it).sum() < 0.75 * np.isfinite(without).sum()


def test_deaths_of_those_who_do_not_progress_follow_the_life_table():
    world = replace(DEFAULT, intensity=0.0, unforeseen=0.0, discovery=UNDISCOVERED, treatment=0.0)
    people = draw_people(world, 20_000, seed=6)
    ends = draw_ends(world, people, 6)
    stop = np.minimum(ends.death, ends.last_contact)
    expected = cumulative_death_rate(people.age + stop, people.female) - cumulative_death_rate(people.age, people.female)
    died = ends.death <= ends.last_contact
    assert died.sum() == pytest.approx(expected.sum(), abs=4 * np.sqrt(expected.sum()))


def test_all_parts_have_random_numbers_of_their_own():
    fewer_visits = replace(DEFAULT, marrow_later=0.5, loss=DEFAULT.loss)
    ours, theirs = (simulate(50, 3, world).tables["events"] for world in (DEFAULT, fewer_visits))
    pd.testing.assert_frame_equal(ours, theirs)


def test_an_unknown_world_names_the_nearest():
    with pytest.raises(ConfigError, match='Unknown world "contrasts"'):
        world_named("contrasts")
