"""Cells as no form has them: rows read are rows kept or refused, a mistake is a message, and nobody is named.

Tables are changed cell by cell. Whatever a cell holds, three things are true.
"""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.cohort.schema import EVENT_KINDS
from features.console import Steps
from features.intake.ingest import ingest
from features.intake.quality import inspect
from features.intake.report import report
from features.sources import read_tabular
from features.sources.plain.suggest import suggest, told, write_layout
from myeloma import UserError, catalogue

NAME = "Annegret Sentinel"
ODD = st.sampled_from(
    [
        *("", " ", "NA", "NULL", "nan", "-", "?", "0", "-1", "1e999", "1e-320", "999", "1,5", "1.234,5", "<0,1", "< 5", ">=3", "10-20"),
        *("2015-02-30", "1700-01-01", "9999-12-31", "2262-04-12", "01.02.2015", "2015-02-01T25:00", "2015-02-01 08:00+02:00", "42036"),
        *("Infinity", "0x10", "1_000", "\u0661\u0662", "\u22640.2", "\x1b[31m", "\u202e", "=cmd()", "'", '"', "a\tb", "\u00b5g/mL", "1.0"),
        *(NAME, f"{NAME} 01.02.1950", f"<{NAME}>", NAME.upper(), "kappa|lambda", "t(4;14)|", "female ", "IgG\x00", "True", "G/DL"),
    ]
)
ANY = ODD | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=12) | st.integers(-10, 10**12).map(str)


def row(**cells):
    """Return a row whose cells are as they should be, or one time in four anything."""
    return st.fixed_dictionaries({name: st.one_of(good, good, good, ANY) for name, good in cells.items()})


ID = st.sampled_from(["1", "2", "03", NAME])
DAY = st.dates(pd.Timestamp("2015-01-01").date(), pd.Timestamp("2020-01-01").date()).map(str)
PATIENT = row(patient_id=ID, index_date=st.just("2015-01-01"), birth_date=DAY, sex=st.sampled_from(["female", "male"]), site=st.just(NAME))
RESULT = row(
    patient_id=ID,
    collected_at=DAY,
    biomarker=st.sampled_from(sorted(catalogue().keys())),
    value=st.floats(0.1, 60).map(str),
    unit=st.sampled_from(["g/dL", "mg/L", "%", "mg/dL", ""]),
)
EVENT = row(patient_id=ID, occurred_at=DAY, kind=st.sampled_from(EVENT_KINDS), detail=st.just(NAME))
HEADERS = {
    "patients": ["patient_id", "index_date", "birth_date", "sex", "site"],
    "measurements": ["patient_id", "collected_at", "biomarker", "value", "unit"],
    "events": ["patient_id", "occurred_at", "kind", "detail"],
}
TABLES = {"patients": st.lists(PATIENT, max_size=6), "measurements": st.lists(RESULT, max_size=20), "events": st.lists(EVENT, max_size=6)}


def _ingested(place):
    """Check, write and report a folder of tables; its counts are conserved."""
    source = read_tabular(place)
    cohort, quarantine = inspect(source)
    for name, counts in cohort.about["counts"].items():
        assert counts["read"] == counts["kept"] + counts["quarantined"] == len(source.tables[name])
    assert len(quarantine) == sum(counts["quarantined"] for counts in cohort.about["counts"].values())
    ingested = ingest(source, place / "cohort", Steps(quiet=True))
    report(ingested, place / "cohort", as_json=False)
    return json.dumps(ingested.about)


def _suggested(place):
    found = suggest(place)
    write_layout(found, place / "mapping.yaml")
    return " ".join(told(line) for lines in found.lines().values() for line in lines)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(tables=st.fixed_dictionaries(TABLES))
def test_counts_are_conserved_a_mistake_is_a_message_and_nobody_is_named(tmp_path_factory, tables):
    place = tmp_path_factory.mktemp("sweep")
    for name, rows in tables.items():
        pd.DataFrame(rows, columns=HEADERS[name]).to_csv(place / f"{name}.csv", index=False)
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        for part in (_ingested, _suggested):
            try:
                said.write(part(place))
            except UserError as error:
                said.write(f"{error.what} {error.hint}")
    assert said.getvalue()
    assert "sentinel" not in said.getvalue().casefold()
    assert not set(said.getvalue()) & set("\x1b\u202e\x00")
