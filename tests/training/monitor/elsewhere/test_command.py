"""`python -m training validate` on a small store: the table, the run that is no candidate, the card's section, and what it refuses."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from features import read_cohort, write_cohort
from features.cohort.schema import QUARANTINE_COLUMNS
from features.console import Steps
from features.intake.ingest import ingest
from features.simulation.smm import simulate
from serving.store.champion import connect, load_champion
from training.registry.compare import candidates

pytestmark = pytest.mark.slow
SENTINEL = "SENTINEL-5518"


@pytest.fixture(scope="module")
def others(made_once):
    """A cohort of other people, of the same world as the trained one."""
    return made_once("validated_elsewhere", lambda folder: ingest(simulate(300, seed=23), folder / "cohort", Steps(quiet=True))) / "cohort"


@pytest.fixture
def command(command, nothing_drawn):
    return command


def changed(cohort, folder, **change):
    """A cohort folder like another, with tables passed through functions."""
    tables = {name: change[name](frame) if name in change else frame for name, frame in cohort.tables().items()}
    write_cohort(replace(cohort, **tables), folder, pd.DataFrame(columns=QUARANTINE_COLUMNS))
    return folder


def test_a_validation_leaves_figures_a_run_that_is_no_candidate_and_a_section_of_the_card(
    command, trained, others, small_smm_plan, tmp_path
):
    before, live = candidates(small_smm_plan), load_champion("smm").origin
    code, out, err = command(f"validate {others} --task smm --training {trained.cohort} --json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["version"], told["validated_run"], told["headline"]) == (live["model_version"], live["run_id"], "not in training")
    measures = {line["measure"] for line in told["figures"] if line["model"] == "champion"}
    assert measures >= {"auc", "brier", "ipa", "oe_ratio", "ici", "calibration_slope", "c_index", "net_benefit", "die_first_auc"}
    assert {line["reference"] for line in told["differences"]} >= {"mayo_2018", "pangea_smm"}
    assert {line["figure"] for line in told["case_mix"]} >= {"missing", "p10", "p50", "p90", "sd_log_odds", "expected_auc"}
    logged = connect().get_run(told["run_id"])
    assert (logged.data.tags["kind"], logged.data.tags["model_version"], logged.info.status) == (
        "external_validation",
        live["model_version"],
        "FINISHED",
    )
    auc = next(x for x in told["figures"] if (x["model"], x["subset"], x["horizon"], x["measure"]) == ("champion", "", 24, "auc"))
    assert logged.data.metrics["auc_24m"] == pytest.approx(auc["estimate"])
    assert auc["lo"] < auc["estimate"] < auc["hi"]
    (allowed,) = [x["now"] for x in told["case_mix"] if (x["name"], x["figure"]) == ("risk_24m", "expected_auc_of_visits")]
    assert logged.data.metrics["expected_auc_24m"] == pytest.approx(allowed)  # of the same visits as the AUC
    assert logged.data.metrics["expected_auc_24m_first_visits"] != pytest.approx(allowed)
    files = {file.path for file in connect().list_artifacts(told["run_id"])}
    assert files == {"performance.csv", "differences.csv", "case_mix.csv", "validation.json", "plots"}
    assert candidates(small_smm_plan) == before
    command("report --task smm --out card")
    card = (tmp_path / "card" / "model_card.md").read_text()
    section = card.partition("## Other cohorts")[2].partition("\n## ")[0]
    assert told["cohort_hash"] in section
    assert "Risk at 24 months, the same of all visits, as the AUC above" in section
    assert f"{auc['estimate']:.3f} ({auc['lo']:.3f} to {auc['hi']:.3f})" in section
    _, out, _ = command("compare --task smm --json")
    assert told["run_id"] not in out


def test_people_of_training_are_reported_and_the_figures_are_of_the_others(command, trained, others, tmp_path):
    new, known = read_cohort(others), read_cohort(trained.cohort)
    ids = known.patients["patient_id"].iloc[:60]

    def renamed(frame):
        return frame.assign(patient_id="elsewhere-" + frame["patient_id"].astype(str))

    def mixed(name):
        old = known.tables()[name]
        return lambda frame: pd.concat([renamed(frame), renamed(old[old["patient_id"].isin(ids)]).pipe(_other_ids)], ignore_index=True)

    cohort = changed(new, tmp_path / "mixed", **{name: mixed(name) for name in new.tables()})
    code, out, err = command(f"validate {cohort} --task smm --training {trained.cohort} --json")
    assert code == 0, err
    told = json.loads(out)
    at_risk = int(told["overlap"]["people"])
    assert 50 <= at_risk <= 60
    assert (told["overlap"]["same_id"], told["overlap"]["alike"]) == ("0", str(at_risk))
    patients = {x["people"]: x["estimate"] for x in told["figures"] if (x["model"], x["subset"], x["horizon"], x["measure"]) == PATIENTS}
    assert patients["everybody"] - patients["not in training"] == at_risk
    assert connect().get_run(told["run_id"]).data.metrics["patients_24m"] == patients["not in training"]
    assert "elsewhere-" not in out


PATIENTS = ("champion", "", 24, "patients")


def _other_ids(frame):
    return frame.assign(patient_id=frame["patient_id"] + "-again")


def test_a_site_hands_out_sums_that_are_those_of_its_figures(command, trained, others):
    code, out, err = command(f"validate {others} --task smm --training {trained.cohort} --aggregates site.json --json")
    assert code == 0, err
    told, handed = json.loads(out), json.loads(Path("site.json").read_text())
    assert (handed["seal"], handed["version"]) == (told["seal"], told["version"])
    own = {(x["horizon"], x["measure"]): x["estimate"] for x in told["figures"] if (x["model"], x["subset"]) == ("champion", "")}
    assert {one["months"] for one in handed["horizons"]} >= {months for months, measure in own if measure == "oe_ratio"} > set()
    for one in handed["horizons"]:  # also where the site by itself is too small for figures
        assert (one["people"], one["events"]) == (own[one["months"], "patients"], own[one["months"], "events"])
        if (ratio := own.get((one["months"], "oe_ratio"))) is not None:
            assert one["observed"] / one["expected"] == pytest.approx(ratio, rel=1e-9)


def test_without_the_training_cohort_the_report_says_that_nobody_was_looked_for(command, others):
    code, out, _ = command(f"validate {others} --task smm")
    assert code == 0
    assert "were NOT looked for" in " ".join(out.split())
    assert "everybody" in out


def test_no_identifier_reaches_the_output_the_files_or_the_store(command, trained, others, tmp_path):
    cohort = read_cohort(others)
    named = {name: lambda frame: frame.assign(patient_id=SENTINEL + frame["patient_id"].astype(str)) for name in cohort.tables()}
    folder = changed(cohort, tmp_path / "named", **named)
    code, out, err = command(f"validate {folder} --task smm --training {trained.cohort} --out found --json")
    assert (code, SENTINEL in out + err) == (0, False)
    assert [p.name for p in (tmp_path / "found").rglob("*") if p.is_file() and SENTINEL.encode() in p.read_bytes()] == []
    assert SENTINEL not in "\n".join(sqlite3.connect(tmp_path / "mlruns" / "mlflow.db").iterdump())


def test_what_too_few_events_are_expected_for_is_not_shown_and_the_reason_is(command, trained, others, tmp_path):
    cohort = read_cohort(others)
    ids = cohort.patients["patient_id"].iloc[:60]
    few = {name: lambda frame: frame[frame["patient_id"].isin(ids)] for name in cohort.tables()}
    code, out, _ = command(f"validate {changed(cohort, tmp_path / 'few', **few)} --task smm --training {trained.cohort}")
    assert code == 0
    assert "people are expected to progress within 12 months by what was followed, at least 20 are needed" in " ".join(out.split())


@pytest.mark.parametrize(
    ("line", "says", "hints"),
    [
        ("validate {trained} --task smm --training {trained}", "likely in the training cohort too: nobody is left", "other people"),
        ("validate {stage} --task smm", "received 300 mgus, accepted: smm", "--task"),
        ("validate {silent} --task smm", "has no outcome to judge by: received no event", "table events"),
        ("validate {censored} --task smm", "nobody of", "last contact of everybody"),
        (
            "validate {others} --task smm --training {others}",
            "not the cohort that the champion was trained on: its hash",
            "--training",
        ),
        ("validate {others} --task mgus", "has no champion", ""),
        ("validate nowhere --task smm", "No cohort folder nowhere", "ingest"),
        ("validate {folder} --task smm", "not a canonical cohort (it has no cohort.json)", "ingest"),
        ("validate {others} --task sm", "Unknown task", "smm"),
    ],
)
def test_what_cannot_be_validated_on_is_refused_in_words(command, trained, others, tmp_path, line, says, hints):
    cohort = read_cohort(others)
    (tmp_path / "folder").mkdir()
    places = {"trained": trained.cohort, "others": others, "folder": tmp_path / "folder"}
    if "{stage}" in line:
        places["stage"] = changed(cohort, tmp_path / "stage", patients=lambda frame: frame.assign(stage="mgus"))
    if "{silent}" in line:
        places["silent"] = changed(cohort, tmp_path / "silent", events=lambda frame: frame.iloc[:0])
    if "{censored}" in line:
        places["censored"] = changed(cohort, tmp_path / "censored", events=lambda frame: frame[frame["kind"] == "last_contact"])
    code, _, err = command(line.format(**places))
    assert (code, says in err, hints in err) == (1, True, True), err
    assert not (tmp_path / "data").exists()
