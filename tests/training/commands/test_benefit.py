"""`python -m training benefit`: a table for each threshold, the caveats below it, and JSON that holds no NaN."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from training.__main__ import app
from training.evaluation.early_treatment import report as reported
from training.evaluation.early_treatment.judged import Prevented

NO = (float("nan"),) * 3
FEW = Prevented("20/2/20 high", 0.1, 500, float("nan"), "fewer than 10", NO, NO, NO, NO, NO, float("nan"), NO, NO)
SHOWN = replace(
    FEW,
    strategy="by cox",
    treated=0.4,
    unknown="0",
    **dict.fromkeys(("incidence", "prevented", "if_it_wanes", "by_group", "net_benefit", "above_mayo"), (0.2, 0.1, 0.3)),
    number_needed_to_treat=(5.0, 4.0, 6.0),
    harmed=0.05,
)


@pytest.fixture
def called(monkeypatch, root, tmp_path):
    """Return a function that runs the command on a report made beforehand."""
    found = reported.Report("500 people held out", reported.Asked(60, 0.0, (0.1,)), [FEW, SHOWN], ["A check on simulated people."], True)
    monkeypatch.setattr("training.rows.large.read_within", lambda path, plan: None)
    monkeypatch.setattr("features.read_cohort", lambda path: None)
    monkeypatch.setattr(reported, "report", lambda *asked: found)

    def call(*arguments):
        ran = CliRunner().invoke(
            app, ["benefit", "--params", str(root / "params.yaml"), "--model", "cox", "--threshold", "0.1", *arguments]
        )
        assert ran.exit_code == 0, ran.output
        return ran.output

    return call


def test_the_table_and_what_has_to_be_said(called):
    said = " ".join(called().split())
    for part in ("500 people held out", "absolute reduction of 10 % or more", "by cox", "5.0", "A check on simulated people."):
        assert part in said


def test_what_is_not_shown_is_null_in_json(called):
    found = json.loads(called("--json"), parse_constant=lambda name: pytest.fail(name))
    few, shown = found["lines"]
    assert found["asked"]["months"] == 60
    assert (few["treated"], few["prevented"]) == (None, [None] * 3)
    assert shown["prevented"] == [0.2, 0.1, 0.3]


def test_the_figures_as_a_file(called, tmp_path):
    called("--out", str(tmp_path / "benefit.csv"))
    head, first, *_ = (tmp_path / "benefit.csv").read_text().splitlines()
    assert "prevented_lo" in head
    assert dict(zip(head.split(","), first.split(","), strict=True))["months"] == "60"
