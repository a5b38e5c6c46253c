"""The simulated treated cohort: reproducible, clean, and with the traps of real treated disease in it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.__main__ import app
from features.cohort.schema import read_cohort
from features.console import run
from features.intake.quality import clean, inspect
from features.simulation.choose import world_named
from features.simulation.treated import CONTRAST, TREATED, simulate
from features.simulation.treated.course import draw_lives
from features.simulation.treated.markers import markers_at
from features.simulation.treated.marrow import sample_marrow
from features.simulation.treated.people import draw_people
from features.simulation.treated.visits import draw_visits
from myeloma import ConfigError

WORLDS = pytest.mark.parametrize("world", [TREATED, CONTRAST], ids=["treated", "contrast"])


@pytest.fixture(scope="module")
def large():
    """Return 1,200 people, enough for the figures below to be steady."""
    return clean(simulate(1200, seed=1))[0]


@pytest.fixture(scope="module")
def hidden():
    """Return lives, visits and true markers of 1,200 people."""
    lives = draw_lives(TREATED, draw_people(TREATED, 1200, 1), 1)
    visits = draw_visits(TREATED, lives, 1)
    return lives, visits, markers_at(TREATED, lives, visits, 1)


def rows(cohort, biomarker):
    """Return a biomarker's rows with the days since the start of therapy, and who they are of."""
    starts = cohort.events[cohort.events["kind"] == "treatment_start"].groupby("patient_id")["occurred_at"].min()
    own = cohort.measurements[cohort.measurements["biomarker"] == biomarker].merge(cohort.patients, on="patient_id")
    return own.assign(since=(own["collected_at"] - own["patient_id"].map(starts)).dt.days)


def regimens(cohort):
    starts = cohort.events[cohort.events["kind"] == "treatment_start"].sort_values("occurred_at", kind="stable")
    return starts.groupby("patient_id")["detail"].first()


def test_the_same_seed_gives_the_same_cohort_and_another_seed_another():
    hashes = [clean(simulate(60, seed))[0].content_hash() for seed in (3, 3, 4)]
    assert hashes[0] == hashes[1] != hashes[2]


@WORLDS
@pytest.mark.parametrize("patients", [1, 2, 300])
def test_every_row_passes_the_quality_check(patients, world):
    cohort, quarantine = inspect(simulate(patients, 5, world))
    assert quarantine.empty
    assert len(cohort.patients) == patients


def test_everybody_is_measured_before_therapy_and_starts_a_first_line(large):
    regimen = regimens(large)
    assert set(regimen.index) == set(large.patients["patient_id"])
    before = rows(large, "m_protein").query("since < 0 and heavy_chain != 'light_chain'")
    assert before["patient_id"].nunique() == (large.patients["heavy_chain"] != "light_chain").sum()
    smoldering = large.patients.set_index("patient_id")["stage"] == "smm"
    assert set(regimen[smoldering[smoldering].index]) == {"daratumumab"}
    assert set(regimen[smoldering[~smoldering].index]) == {"D-VRd", "VRd", "D-Rd", "Rd"}


def test_a_second_line_follows_a_relapse_that_mostly_but_not_always_is_recorded(large):
    events = large.events
    second = events[events["line"] == 2].query("kind == 'treatment_start'").groupby("patient_id")["occurred_at"].min()
    relapse = events[events["kind"] == "progression"].groupby("patient_id")["occurred_at"].min().reindex(second.index)
    recorded = relapse < second
    assert 0.02 < 1 - recorded.mean() < 0.12
    assert set(events.loc[events["kind"] == "progression", "detail"]) == {"biochemical", "clinical", "extramedullary"}


def test_nothing_is_measured_or_known_after_death_or_last_contact(large):
    ends = large.events[large.events["kind"].isin(["death", "last_contact"])].groupby("patient_id")["occurred_at"].min()
    assert (large.measurements["available_at"] <= large.measurements["patient_id"].map(ends)).all()
    assert large.events["occurred_at"].max() <= pd.Timestamp("2024-12-31")


def test_an_igg_never_falls_by_nine_tenths_before_day_seventy_and_an_iga_may(hidden):
    lives, visits, true = hidden
    first = lives.people.m_protein[visits.person]
    fallen = (first > 0) & (true.m_protein <= 0.1 * first) & (visits.since > 0)
    heavy = lives.people.heavy[visits.person]
    assert visits.since[fallen & (heavy == "IgG")].min() >= 70
    assert visits.since[fallen & (heavy == "IgA")].min() < 60


def test_light_chains_fall_before_the_m_protein_does(hidden):
    lives, visits, true = hidden
    early = (
        (visits.since > 20) & (visits.since < 45) & (lives.people.heavy[visits.person] == "IgG") & ~lives.people.smoldering[visits.person]
    )
    person = visits.person[early]
    chain = (true.involved[early] - lives.people.uninvolved[person]) / lives.people.chain[person]
    protein = true.m_protein[early] / lives.people.m_protein[person]
    assert np.median(chain) < 0.5 * np.median(protein)


def test_low_m_protein_is_reported_below_its_limit_in_the_units_of_the_site(large):
    low = rows(large, "m_protein").query("operator == '<'")
    assert set(low["value"].round(6)) == {0.1}
    assert set(low["original_unit"]) == {"g/L", "g/dL"}
    assert len(low) > 2000


def test_the_drug_keeps_immunofixation_positive_early_and_in_igg_kappa_it_is_on_top_of_the_m_protein(large):
    regimen = regimens(large)
    fixed = rows(large, "serum_immunofixation").query("since > 100 and stage == 'mm'")
    fixed = fixed.assign(drug=fixed["patient_id"].map(regimen).str.startswith("D-"))
    early = fixed.query("since < 165").groupby("drug")["value"].mean()
    late = fixed.query("since > 900 and since < 1500").groupby("drug")["value"].mean()
    assert early[True] > 0.85  # 28 of 33 had the band: HemaSphere PS1427
    assert late[True] < early[True] - 0.3  # 15 of 23 lost it


def test_a_band_of_the_drug_is_never_above_its_greatest():
    without = replace(TREATED, band=1e-9)
    both = [simulate(1200, 1, world).tables["measurements"].query("biomarker == 'm_protein'") for world in (TREATED, without)]
    values = [frame["value"].str.lstrip("<").astype(float) / np.where(frame["unit"] == "g/L", 10, 1) for frame in both]
    added = values[0].to_numpy() - values[1].to_numpy()
    assert 0.05 < added.max() <= TREATED.band_most + 0.02
    assert added.min() >= -0.02  # rounding, and a limit in place of a value


def test_residual_disease_has_the_limit_of_its_method_and_some_samples_one_ten_times_as_high(large):
    found = rows(large, "mrd").query("operator == '<'")
    limits = found.groupby("method")["value"].agg(lambda limit: tuple(sorted(set(limit.round(12)))))
    assert {method: pytest.approx(limit) for method, limit in TREATED.mrd_limit.items()} == {m: limits[m][0] for m in limits.index}
    assert all(limits[method][-1] == pytest.approx(10 * limit) for method, limit in TREATED.mrd_limit.items())
    assert set(found["specimen"]) == {"marrow"}


def test_a_marrow_sample_fails_at_times_and_misses_disease_that_is_patchy():
    given, share = sample_marrow(TREATED, np.full(20_000, 2e-5), np.random.default_rng(1))
    assert 1 - given.mean() == pytest.approx(TREATED.mrd_failed, abs=0.01)
    missed = (share < 1e-5).mean()
    assert TREATED.mrd_patchy * 0.8 < missed < TREATED.mrd_patchy + 0.02


def test_quality_of_life_is_on_the_scales_own_steps_and_answers_to_disease_and_therapy(hidden, large):
    fatigue = rows(large, "qlq_c30_fa").query("stage == 'mm'")
    assert np.allclose(fatigue["value"] * 9 / 100, np.round(fatigue["value"] * 9 / 100), atol=0.01)
    before, later = (fatigue.query(when)["value"].mean() for when in ("since < 0", "since > 500 and since < 1000"))
    assert before > later + 6
    symptoms = rows(large, "qlq_my20_se").query("stage == 'mm'")
    assert symptoms.query("since > 30 and since < 180")["value"].mean() > symptoms.query("since < 0")["value"].mean() + 5


def test_fish_is_unknown_in_a_third_and_unknown_is_not_normal(large):
    fish = large.patients["fish"]
    assert (fish == "").mean() == pytest.approx(TREATED.fish_unknown, abs=0.05)
    assert (fish == "normal").any()


def test_lesions_make_relapse_come_earlier():
    lives = draw_lives(TREATED, draw_people(TREATED, 6000, 2), 2)
    early = (lives.course.progression < 2.0) & ~lives.people.smoldering
    assert early[lives.people.lesions >= 2].mean() > 3 * early[lives.people.lesions == 0].mean()


def test_in_the_other_world_nothing_sleeps():
    lives = draw_lives(CONTRAST, draw_people(CONTRAST, 300, 2), 2)
    assert (lives.course.wake[~lives.people.cured] == 0).all()
    assert np.isinf(lives.course.wake[lives.people.cured]).all()


def test_some_results_are_known_later_and_more_in_the_other_world(large):
    shares = [
        (rows(cohort, "mrd")["available_at"] > rows(cohort, "mrd")["collected_at"]).mean()
        for cohort in (large, clean(simulate(300, 1, CONTRAST))[0])
    ]
    assert shares[0] == pytest.approx(0.5, abs=0.06)
    assert shares[1] == pytest.approx(0.9, abs=0.06)


def test_what_the_laboratory_draws_changes_nothing_of_what_happens():
    noisier = replace(TREATED, mrd_noise=1.0, band_share=0.1, quality_taken=0.1)
    ours, theirs = (simulate(50, 3, world).tables["events"] for world in (TREATED, noisier))
    pd.testing.assert_frame_equal(ours, theirs)


def test_progression_is_seen_in_the_m_protein_where_it_is_biochemical(large):
    first = large.events[large.events["kind"] == "progression"].sort_values("occurred_at", kind="stable").groupby("patient_id").first()
    serum = rows(large, "m_protein").query("heavy_chain != 'light_chain' and since > 0")
    serum = serum.assign(value=np.where(serum["operator"] == "<", 0.0, serum["value"]), of=serum["patient_id"].map(first["occurred_at"]))
    serum = serum[serum["patient_id"].map(first["detail"]) == "biochemical"]
    lowest = serum[serum["collected_at"] < serum["of"]].groupby("patient_id")["value"].min()
    then = serum[serum["collected_at"] == serum["of"]].groupby("patient_id")["value"].first()
    rise = (then - lowest).dropna()
    assert len(rise) > 60
    assert (rise >= 0.5).mean() > 0.65  # IMWG 2016; the rest is found earlier, by what else is measured
    assert (rise > 0.2).mean() > 0.95


def command(*words):
    with pytest.raises(SystemExit) as ended:
        run(app, [str(word) for word in words])
    return ended.value.code


def test_the_command_writes_a_cohort_and_its_truth(tmp_path):
    truth = tmp_path / "truth.parquet"
    assert not command("simulate", tmp_path / "cohort", "--patients", 30, "--world", "treated_contrast", "--truth", truth)
    assert set(read_cohort(tmp_path / "cohort").patients["stage"]) == {"mm", "smm"}
    assert list(pd.read_parquet(truth)) == ["patient_id", "landmark", "risk_12m", "risk_24m", "risk_60m"]


def test_an_unknown_world_names_the_nearest_of_all_simulators():
    with pytest.raises(ConfigError, match='Unknown world "treatd"') as raised:
        world_named("treatd")
    assert "treated" in raised.value.hint
    assert {world_named(name)[0].__name__.rsplit(".")[-1] for name in ("default", "contrast", "treated", "treated_contrast")} == {
        "smm",
        "treated",
    }
