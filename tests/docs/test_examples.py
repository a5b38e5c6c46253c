"""What the pages show is what the program gives: the request of the README is answered, its table has the columns that are printed."""

import json

import pytest
from fastapi.testclient import TestClient

from features.console import run
from serving import load_artifact
from serving.http.api import make_app
from training.__main__ import app


def test_the_request_that_the_readme_sends_is_answered_with_a_risk(root, trained, pages):
    assert "@docs/example_request.json" in pages["README.md"]
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact")
    request = json.loads((root / "docs" / "example_request.json").read_text())
    answer = TestClient(make_app({"smm": artifact})).post("/v1/risk", json=request)
    assert answer.status_code == 200
    assert [risk["horizon_months"] for risk in answer.json()["risks"]] == [12, 24, 60]


def test_the_bundle_that_the_page_on_fhir_sends_is_answered_with_a_risk(root, trained, pages):
    assert "@docs/example_bundle.json" in pages["docs/fhir.md"]
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact")
    sent = {"content": (root / "docs" / "example_bundle.json").read_bytes(), "headers": {"content-type": "application/fhir+json"}}
    answer = TestClient(make_app({"smm": artifact})).post("/v1/risk/fhir?task=smm", **sent)
    assert (answer.status_code, len(answer.json()["prediction"])) == (200, 3)


@pytest.mark.usefixtures("trained")
def test_the_table_in_the_readme_has_the_columns_that_compare_prints(root, pages, monkeypatch, capsys):
    monkeypatch.chdir(root)
    with pytest.raises(SystemExit):
        run(app, ["compare", "--task", "smm"])
    heading = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("┃ model"))
    shown = next(line for line in pages["README.md"].splitlines() if line.startswith("┃ model"))
    assert [cell.strip() for cell in shown.split("┃")] == [cell.strip() for cell in heading.split("┃")]
