"""Resources as no standard has them: rows read are rows kept or refused, a mistake is a message, and nobody is named."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest

from features.console import Steps
from features.intake.ingest import ingest
from features.intake.quality import inspect
from features.intake.report import report
from myeloma import UserError
from tests.features.sources.fhir.resources import ICD, RXNORM, SCT, coded, condition, observation, patient, read
from tests.mutated import NAME, mutated


def drug(name, day, kind="MedicationStatement", **more):
    subject = {"reference": f"Patient/{name}"}
    return {"resourceType": kind, "status": "active", "subject": subject, "effectiveDateTime": day, **more}


def person(name):
    """Return what a system may hold of one person."""
    meta = {"versionId": "2", "lastUpdated": "2020-01-01T00:00:00Z"}
    panel = {"component": [{"code": coded("http://loinc.org", "718-7"), "valueQuantity": {"value": 11, "unit": "g/dL", "code": "g/dL"}}]}
    return [
        patient(name, meta=meta, deceasedDateTime="2022-01-01") | {"name": [{"family": NAME}]},
        condition(name, "2015-01-01", "S1", SCT, id=f"c{name}", meta=meta),
        condition(name, "2019-01-01", "C90.00", ICD, note=[{"text": NAME}]),
        observation(name, "2015-02-01T08:00:00+01:00", id=f"o{name}", meta=meta, note=[{"text": NAME}]),
        observation(name, "2016-02-01", referenceRange=[{"low": {"value": 12, "unit": "g/dL"}}], issued="2016-02-02T10:00:00Z"),
        observation(name, "2017-02-01", value=None, unit="g/dL", valueQuantity={"value": 0.2, "comparator": "<", "code": "g/dL"}),
        observation(name, "2018-02-01", **panel),
        drug(name, "2019-02-01", medicationCodeableConcept=coded(RXNORM, "1")),
        drug(name, "2019-03-01", "MedicationAdministration", medicationReference={"reference": "#m"}, contained=[
            {"resourceType": "Medication", "id": "m", "code": coded(RXNORM, "1")}
        ]),
        {"resourceType": "Encounter", "status": "finished", "subject": {"reference": f"Patient/{name}"}, "period": {"start": "2020-05-01"}},
    ]  # fmt: skip


def swept(place, seed, people=10, share=0.05):
    """Ingest mutated resources as Bulk Data and as a Bundle; return what was printed of them."""
    changed = [mutated(resource, f"{seed}.{k}", share) for k, resource in enumerate(r for p in range(people) for r in person(f"p{p}"))]
    lines = "\n".join(json.dumps(resource) for resource in changed)
    (place / "Observation.ndjson").write_text(lines + "\n")
    entries = mutated([{"resource": resource} for resource in changed], f"{seed}.bundle", share / 20)
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    (place / "bundle.json").write_text(json.dumps(bundle))
    said = io.StringIO()
    for path in (place / "Observation.ndjson", place / "bundle.json"):
        with redirect_stdout(said), redirect_stderr(said):
            try:
                source = read(path)
                cohort, quarantine = inspect(source)
                for name, counts in cohort.about["counts"].items():
                    assert counts["read"] == counts["kept"] + counts["quarantined"] == len(source.tables[name])
                assert len(quarantine) == sum(counts["quarantined"] for counts in cohort.about["counts"].values())
                ingested = ingest(source, place / path.stem, Steps(quiet=True))
                report(ingested, place / path.stem, as_json=False)
                said.write(json.dumps(ingested.about))
            except UserError as error:
                said.write(f"{error.what} {error.hint}")
    return said.getvalue()


@pytest.mark.parametrize("share", [0.002, 0.02, 0.1])
@pytest.mark.parametrize("seed", range(3))
def test_counts_are_conserved_a_mistake_is_a_message_and_nobody_is_named(tmp_path, seed, share):
    said = swept(tmp_path, seed, share=share)
    assert said
    assert "sentinel" not in said.casefold()
    assert not set(said) & set("\x1b\u202e\x00")
