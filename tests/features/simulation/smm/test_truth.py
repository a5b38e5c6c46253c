"""The true risk is the average over a person's futures, it is calibrated, and nothing in the pipeline reads it."""

import ast
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from features.__main__ import app
from features.console import run
from features.intake.quality import clean
from features.simulation.life_table import death_rate
from features.simulation.smm import CONTRAST, DEFAULT, simulate, simulate_truth
from features.simulation.smm.disease import progression_rate
from features.simulation.smm.ends import draw_ends
from features.simulation.smm.people import draw_people
from features.simulation.smm.truth import HORIZONS, risks_at
from features.table.landmarks import visit_landmarks
from myeloma.calendar import DAYS_PER_YEAR, horizon_days
from training.metrics.incidence import aalen_johansen
from training.rows.censoring import FollowUp

RISKS = [f"risk_{h}m" for h in HORIZONS]
PEOPLE = 15_000


def by_brute_force(world, people, person, time, futures=10_000):
    """Draw futures week by week: arrival of the fast clone, then progression or death, whichever comes first."""
    rng = np.random.default_rng(5)
    arrival = people.arrival[person]
    arrival = np.full(futures, arrival) if arrival <= time else time + rng.exponential(1 / world.fast_arrival, futures)
    traits = people.traits.of(np.array([person]), 1)
    week = 7 / DAYS_PER_YEAR
    free, progressed = np.ones(futures, dtype=bool), np.full(futures, np.inf)
    for since in np.arange(0, 5.02, week):
        rate = progression_rate(world, traits, arrival[:, None], np.array([time + since + week / 2]))[:, 0]
        death = world.death_factor * death_rate(people.age[person] + time + since + week / 2, people.female[person])
        ended = free & (rng.random(futures) < -np.expm1(-(rate + death) * week))
        progresses = ended & (rng.random(futures) < rate / (rate + death))
        progressed[progresses] = since + week * rng.random(progresses.sum())
        free &= ~ended
    return np.array([(progressed <= h / 12).mean() for h in HORIZONS])


@pytest.mark.parametrize("world", [DEFAULT, CONTRAST], ids=["default", "contrast"])
def test_the_true_risk_is_the_average_over_drawn_futures(world):
    people = draw_people(world, 400, seed=11)
    waiting = np.flatnonzero(people.arrival > 3.0)
    growing = np.flatnonzero(people.arrival < 1.0)
    steep = growing[people.traits.fast_growth[growing].argmax()]
    old = waiting[people.age[waiting].argmax()]
    large = waiting[people.traits.burden[waiting].argmax()]
    chosen = np.array([waiting[0], old, large, growing[0], steep])
    time = np.array([0.0, 3.0, 1.5, 2.0, 1.0])
    ours = risks_at(world, people, chosen, time)
    drawn = np.array([by_brute_force(world, people, p, t) for p, t in zip(chosen, time, strict=True)])
    error = np.sqrt(np.maximum(drawn * (1 - drawn), 1e-4) / 10_000)
    grids = np.where(np.isin(chosen, steep), 0.01, 0.001)[:, None]  # see features.simulation.smm.truth
    assert (np.abs(ours - drawn) < 4 * error + grids).all()


@pytest.fixture(scope="module")
def judged():
    """Return the true risks of many people, each at one time from the index date on, and what was then seen of them."""
    people = draw_people(DEFAULT, PEOPLE, seed=21)
    ends = draw_ends(DEFAULT, people, seed=21)
    time = np.random.default_rng(1).choice([0.0, 1.0, 2.0, 4.0], PEOPLE)
    there = np.flatnonzero(ends.first > time)
    time, first = time[there], ends.first[there]
    event = np.select([ends.progression[there] == first, ends.death[there] == first], ["event", "competing"], "none")
    return risks_at(DEFAULT, people, there, time), pd.DataFrame({"time_to_event": (first - time) * DAYS_PER_YEAR, "event": event})


def observed(after, horizon):
    """Return the Aalen-Johansen incidence and a bound of its standard error (that of the people still watched)."""
    days = horizon_days(horizon)
    incidence = aalen_johansen(FollowUp.of(after), [days])[0]
    known = (after["event"] != "none") | (after["time_to_event"] >= days)
    return incidence, np.sqrt(max(incidence * (1 - incidence), 1e-4) / known.sum())


@pytest.mark.parametrize(("column", "horizon"), list(enumerate(HORIZONS)))
def test_as_many_progress_as_the_truth_says_in_all_and_in_every_tenth(judged, column, horizon):
    truth, after = judged
    incidence, error = observed(after, horizon)
    assert abs(incidence - truth[:, column].mean()) < 3.5 * error
    tenth = pd.qcut(truth[:, column], 10, labels=False)
    for k in range(10):
        incidence, error = observed(after[tenth == k], horizon)
        assert abs(incidence - truth[tenth == k, column].mean()) < 3.5 * error, f"tenth {k}"


@pytest.mark.parametrize("world", [DEFAULT, CONTRAST], ids=["default", "contrast"])
def test_there_is_one_true_risk_for_every_landmark_and_it_rises_with_the_horizon(world):
    cohort, truth = clean(simulate(150, 4, world))[0], simulate_truth(150, 4, world)
    pd.testing.assert_frame_equal(truth[["patient_id", "landmark"]], visit_landmarks(cohort))
    assert ((truth[RISKS] > 0) & (truth[RISKS] < 1)).all(axis=None)
    assert (truth["risk_12m"] < truth["risk_24m"]).all()
    assert (truth["risk_24m"] < truth["risk_60m"]).all()


def test_without_death_the_risk_is_higher_most_of_all_in_the_old():
    people = draw_people(DEFAULT, 300, seed=3)
    everybody, start = np.arange(300), np.zeros(300)
    net, crude = (risks_at(world, people, everybody, start)[:, -1] for world in (replace(DEFAULT, death_factor=1e-9), DEFAULT))
    assert (net > crude).all()
    lost = 1 - crude / net
    assert lost[people.age > 75].mean() > 3 * lost[people.age < 60].mean()


def test_treatment_and_loss_do_not_enter_the_truth():
    people = draw_people(DEFAULT, 50, seed=3)
    untreated = replace(DEFAULT, treatment=0.5, treatment_effect=0.01, loss=2.0)
    ours, theirs = (risks_at(world, people, np.arange(50), np.zeros(50)) for world in (DEFAULT, untreated))
    np.testing.assert_array_equal(ours, theirs)


def command(*words):
    with pytest.raises(SystemExit) as ended:
        run(app, [str(word) for word in words])
    assert not ended.value.code


def pipeline_stages(root):
    return yaml.safe_load((root / "dvc.yaml").read_text())["stages"]


def test_only_the_simulate_stage_names_the_truth(root):
    stages = pipeline_stages(root)
    assert "data/smm/truth.parquet" in stages.pop("simulate")["outs"]
    assert "data/relapse/truth.parquet" in stages.pop("simulate_treated")["outs"]
    assert "truth" not in yaml.safe_dump(stages)
    for stage in stages.values():
        paths = [str(path).replace("${item}", "smm") for path in stage.get("do", stage).get("deps", [])]
        assert not [path for path in paths if "data/smm/truth.parquet".startswith(path)], "a whole folder would hold it"


def test_no_code_but_the_command_that_writes_it_knows_of_the_truth(root):
    ours = [path for package in ("myeloma", "features", "serving", "training") for path in (root / package).rglob("*.py")]
    judging = {root / "training/truth/against_truth.py", root / "training/commands/models.py"}  # a command that no stage runs
    allowed = {root / "features/__main__.py", *judging, *(root / "features/simulation").rglob("*.py")}
    wrong = []
    for path in set(ours) - allowed:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [
                getattr(node, "module", None) or "",
                *(alias.name for alias in getattr(node, "names", []) if isinstance(alias, ast.alias)),
            ]
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if any("simulation" in name for name in names) or "truth.parquet" in text or "risks_at" in text:
                wrong.append((path.name, getattr(node, "lineno", 0)))
    assert wrong == []


def test_nothing_but_the_command_imports_what_judges_by_the_truth(root):
    judging = {"training.truth.against_truth", "training.truth.attainable", "training.truth.ceiling", "training.truth.known_drivers"}
    importing = {
        path.stem
        for path in (root / "training").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module in judging
    }
    assert importing == {"models", "attainable", "ceiling", "known_drivers"}


@pytest.mark.parametrize("state", ["removed", "poisoned"])
def test_the_table_has_the_same_bytes_whatever_the_truth_file_says(state, tmp_path, root):
    folder, truth = tmp_path / "data/smm/cohort", tmp_path / "data/smm/truth.parquet"
    command("simulate", folder, "--patients", 40, "--seed", 2, "--truth", truth)
    tables = []
    for name in ("before", "after"):
        command("build", folder, tmp_path / name / "table.parquet", "--task", "smm", "--params", root / "params.yaml")
        tables.append((tmp_path / name / "table.parquet").read_bytes())
        truth.write_bytes(b"poison") if state == "poisoned" else truth.unlink(missing_ok=True)
    assert tables[0] == tables[1]
    assert len(tables[0]) > 10_000
