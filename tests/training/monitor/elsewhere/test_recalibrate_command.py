"""`python -m training recalibrate` on a small store: a version of its own that waits, what it says it was before, and what is refused."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from features import read_cohort, write_cohort
from features.cohort.schema import QUARANTINE_COLUMNS
from features.console import Steps
from features.intake.ingest import ingest
from features.simulation.smm import simulate
from serving.store.champion import connect, load_champion, load_numbered, registered_name
from training.registry.compare import candidates

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(made_once):
    """A cohort of other people than the trained one's; a third of those who are followed to their last contact progress on that day."""

    def make(folder):
        ingest(simulate(150, 29), folder / "simulated", Steps(quiet=True))
        cohort = read_cohort(folder / "simulated")
        third = (cohort.events["kind"] == "last_contact") & (cohort.events["patient_id"].astype(str).str[-1].isin(list("147")))
        events = cohort.events.assign(kind=cohort.events["kind"].astype(str).mask(third, "progression").astype(cohort.events["kind"].dtype))
        write_cohort(replace(cohort, events=events), folder / "cohort", pd.DataFrame(columns=QUARANTINE_COLUMNS))

    return made_once("recalibrated_to", make) / "cohort"


@pytest.fixture
def command(command, nothing_drawn):
    return command


def test_a_recalibration_is_a_version_of_its_own_that_is_not_live_and_says_what_it_was(command, trained, site, small_smm_plan, tmp_path):
    before, live = candidates(small_smm_plan), load_champion("smm")
    code, out, err = command(f"recalibrate {site} --task smm --training {trained.cohort} --json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["kind"] in ("shift", "shift and slope"), told["shift"] > 0, told["from_version"]) == (
        True,
        True,
        live.origin["model_version"],
    )
    assert float(told["observed"]) > told["expected_after"] > told["expected_before"]
    assert load_champion("smm").origin["model_version"] == live.origin["model_version"]
    version = connect().get_model_version(registered_name("smm"), told["version"])
    assert (version.tags["recalibrated_from"], version.tags["gate_verdict"]) == (live.origin["model_version"], "hold")
    assert "figures on people it was not recalibrated to" in version.tags["gate_not_measured"]
    run = connect().get_run(told["run_id"])
    assert (run.data.tags["kind"], run.data.tags["recalibrated_run"], run.info.status) == (
        "recalibration",
        live.origin["run_id"],
        "FINISHED",
    )
    assert candidates(small_smm_plan) == before
    new = load_numbered("smm", told["version"])
    assert new.calibration.slope == pytest.approx(told["after"]["slope"])
    assert told["before"] == {"slope": live.calibration.slope, "intercepts": list(live.calibration.intercepts)}
    assert new.about["recalibrated"]["from_version"] == live.origin["model_version"]
    assert json.loads((tmp_path / "data/smm/recalibration" / told["cohort_hash"] / "recalibrated.json").read_text())["kind"] == told["kind"]

    code, _, err = command(f"promote --task smm --version {told['version']}")
    assert (code, "holds" in err, "all figures there are of these very people" in err) == (1, True, True)
    assert command(f'promote --task smm --version {told["version"]} --reason "more events at this site"')[0] == 0
    code, _, err = command(f"validate {site} --task smm --training {trained.cohort}")
    assert (code, "are those that the model was recalibrated to: nobody is left" in err) == (1, True), err
    code, _, err = command(f"recalibrate {site} --task smm --training {trained.cohort}")
    assert (code, f"--version {live.origin['model_version']}" in err) == (1, True), err


def test_too_few_events_change_nothing_and_register_nothing(command, trained, site, tmp_path):
    cohort = read_cohort(site)
    ids = cohort.patients["patient_id"].iloc[:25]
    few = {name: frame[frame["patient_id"].isin(ids)] for name, frame in cohort.tables().items()}
    write_cohort(replace(cohort, **few), tmp_path / "few", pd.DataFrame(columns=QUARANTINE_COLUMNS))
    versions = len(connect().search_model_versions(f"name = '{registered_name('smm')}'"))
    code, out, _ = command(f"recalibrate few --task smm --training {trained.cohort}")
    said = " ".join(out.split())
    assert (code, "smm: none." in said, "at least 10 are needed" in said, "nothing was changed or registered" in said) == (
        0,
        True,
        True,
        True,
    )
    assert len(connect().search_model_versions(f"name = '{registered_name('smm')}'")) == versions


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("recalibrate {trained} --task smm", "likely in the training cohort too: nobody is left"),
        ("recalibrate {stage} --task smm", "received 150 mgus, accepted: smm"),
        ("recalibrate {silent} --task smm", "has no outcome to judge by"),
        ("recalibrate {site} --task smm --version 99", "has no version 99"),
        ("recalibrate {site} --task mgus", "has no champion"),
        ("recalibrate nowhere --task smm", "No cohort folder nowhere"),
    ],
)
def test_what_cannot_be_recalibrated_to_is_refused_in_words(command, trained, site, tmp_path, line, says):
    cohort, places = (
        read_cohort(site),
        {"trained": trained.cohort, "site": site, "stage": tmp_path / "stage", "silent": tmp_path / "silent"},
    )
    changes = {"stage": {"patients": cohort.patients.assign(stage="mgus")}, "silent": {"events": cohort.events.iloc[:0]}}
    for name, change in changes.items():
        if f"{{{name}}}" in line:
            write_cohort(replace(cohort, **change), places[name], pd.DataFrame(columns=QUARANTINE_COLUMNS))
    code, _, err = command(line.format(**places))
    assert (code, says in err) == (1, True), err
    assert not (tmp_path / "data").exists()
