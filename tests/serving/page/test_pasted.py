"""What is pasted is read as every request is; what is wrong is named by its row and column."""

import gzip
import json

import pytest
from fastapi.testclient import TestClient

from serving.http.page.pasted import ReadRefusal

HEADER = "biomarker,value,unit,collected_at\n"
ROWS = "m_protein,18,g/L,2022-01-10\nbmpc,22,%,2022-01-10\nm_protein,<2.1,g/dL,2022-07-10\n"


@pytest.fixture
def pasted(app):
    return lambda text: TestClient(app).post("/v1/read", json={"text": text})


def problems(response):
    assert response.status_code == 422
    assert set(response.json()) == set(ReadRefusal.__dataclass_fields__)
    return [(one["code"], one["row"], one["column"], one["text"]) for one in response.json()["errors"]]


def test_a_table_becomes_the_history_that_a_request_takes(app, pasted):
    found = pasted(HEADER + ROWS + "stage,smm,,\nsex,female,,\nage,61,,\ntreatment_start,len-dex,,2022-07-11\n").json()
    assert found["history"]["patient"] == {"index_date": "2022-01-10", "age_at_index": 61.0, "sex": "female", "stage": "smm"}
    assert found["history"]["events"] == [{"occurred_at": "2022-07-11", "kind": "treatment_start", "detail": "len-dex"}]
    assert [(one["biomarker"], one["value"], one["operator"]) for one in found["results"]] == [
        ("m_protein", 1.8, ""),
        ("m_protein", 2.1, "<"),
        ("bmpc", 22, ""),
    ]
    assert found["visits"] == ["2022-01-10", "2022-07-10"]
    assert found["told"] == ["No index_date is given: the day of the first result is taken for it."]
    assert TestClient(app).post("/v1/risk", json={**found["history"], "task": "smm", "landmark": "2022-07-10"}).status_code == 200


@pytest.mark.parametrize("header", ["line", "Line", "Therapielinie"])
def test_the_line_of_therapy_goes_with_its_start_as_a_request_has_it(app, pasted, header):
    text = f"{HEADER.strip()},{header}\n" + ROWS.replace("\n", ",\n")
    found = pasted(
        text + "stage,mm,,,\nTreatment_start,VRd,,2022-02-01,1\ntreatment_stop,VRd,,2022-05-01,\ntreatment_start,D-Kd,,2022-06-01,2\n"
    )
    assert found.json()["history"]["events"] == [
        {"occurred_at": "2022-02-01", "kind": "treatment_start", "detail": "VRd", "line": 1},
        {"occurred_at": "2022-05-01", "kind": "treatment_stop", "detail": "VRd"},
        {"occurred_at": "2022-06-01", "kind": "treatment_start", "detail": "D-Kd", "line": 2},
    ]
    assert not any(one.startswith("Not read") for one in found.json()["told"])


@pytest.mark.parametrize(
    ("cell", "code", "text"),
    [
        ("0", "bad_line", "Row 3, line: 0 is not accepted: a line of therapy is a whole number from 1 to 99."),
        ("1.5", "bad_line", "Row 3, line: 1.5 is not accepted: a line of therapy is a whole number from 1 to 99."),
        ("100", "bad_line", "Row 3, line: 100 is not accepted: a line of therapy is a whole number from 1 to 99."),
        ("second", "int_type", "Row 3, line: needed: a whole number from 1 to 99, of a start or stop of treatment."),
    ],
)
def test_a_line_of_therapy_that_is_none_is_refused_by_its_row(pasted, cell, code, text):
    rows = f"m_protein,18,g/L,2022-01-10,\ntreatment_start,VRd,,2022-02-01,{cell}\n"
    assert problems(pasted(f"{HEADER.strip()},line\n{rows}")) == [(code, 3, "line", text)]


def test_a_line_of_therapy_in_the_row_of_a_result_is_told_as_not_read(pasted):
    found = pasted(f"{HEADER.strip()},line\nm_protein,18,g/L,2022-01-10,1\nbmpc,22,%,2022-01-10,\n").json()
    assert found["told"][0] == "A line of therapy in the row of a result is not read: it is of a start or a stop of treatment."


def test_other_names_of_columns_tabs_and_columns_of_the_patient_are_read(pasted):
    found = pasted("PatID\ttest\tresult\tunits\tdate\tgender\tremark\nA7\tm_protein\t1.8\tg/dL\t2022-01-10\tmale\tx\n").json()
    assert found["history"]["patient"] == {"index_date": "2022-01-10", "sex": "male"}
    assert found["told"][-1] == "Not read: column 7."
    assert "A7" not in json.dumps(found)


def test_a_history_as_a_request_takes_it_is_read_as_it_is(pasted, examples):
    for history in examples.values():
        assert pasted(json.dumps(history)).json()["history"] | {"events": 0} == history | {"events": 0}


def test_a_bundle_is_read_as_the_way_in_for_fhir_reads_it(app, pasted, root):
    bundle, client = (root / "docs/example_bundle.json").read_text(), TestClient(app)
    history = pasted(bundle).json()["history"]
    answer = client.post("/v1/risk", json={**history, "task": "smm"}).json()
    assessed = client.post("/v1/risk/fhir?task=smm", content=bundle, headers={"content-type": "application/fhir+json"}).json()
    risks = [one["probabilityDecimal"] for one in assessed["prediction"]]
    assert risks == pytest.approx([100 * one["risk"] for one in answer["risks"]], rel=1e-9)
    assert pasted('{"resourceType": "Bundle"}').status_code == 422
    assert pasted(bundle.replace("mg/L", "furlong")).status_code == 422


def test_results_computed_from_others_are_drawn_too(pasted):
    rows = "flc_kappa,250,mg/L,2022-07-10\nflc_lambda,10,mg/L,2022-07-10\nlight_chain,kappa,,\n"
    found = {one["biomarker"]: one for one in pasted(HEADER + rows).json()["results"]}
    assert (found["flc_ratio"]["value"], found["flc_ratio"]["computed"]) == (25, True)
    assert (found["flc_kappa"]["value"], found["flc_kappa"]["computed"]) == (250, False)


@pytest.mark.parametrize(
    ("text", "code", "row", "column", "said"),
    [
        (
            HEADER + ROWS + "flc_kappa,25,%,2022-07-10",
            "unknown_unit",
            5,
            "unit",
            "Row 5, flc_kappa: % is not accepted here; accepted: ",
        ),
        (
            HEADER + "m_protein,1.8,,2022-07-10",
            "unknown_unit",
            2,
            "unit",
            "Row 2, m_protein: the unit is not accepted here;",
        ),
        (
            "specimen," + HEADER + "Urin,creatinine,9.5,mg/dL,2022-07-10",
            "wrong_specimen",
            2,
            "specimen",
            "Row 2, creatinine, specimen: Urin is not accepted: creatinine is measured in serum, plasma or blood",
        ),
        (HEADER + ROWS + "m_protein,2,3,g/dL,2022-07-11", "not_a_number", 5, "value", "Row 5: 2,3 is not read. Write 2.3."),
        (
            HEADER.replace(",", ";") + "m_protein;2,3;g/dL;2022-07-10",
            "not_a_number",
            2,
            "value",
            "Row 2: 2,3 is not read. Write 2.3.",
        ),
        (HEADER + 'm_protein,"<0,1",g/dL,2022-07-10', "not_a_number", 2, "value", "Row 2: <0,1 is not read. Write <0.1."),
        (
            HEADER + "m_protein,2.3,g/dL,10.07.2022",
            "bad_date",
            2,
            "collected_at",
            "Row 2, m_protein, collected_at: 10.07.2022 is not",
        ),
        (
            HEADER + "m_protien,2.3,g/dL,2022-07-10",
            "unknown_biomarker",
            2,
            "biomarker",
            "Row 2: this biomarker is not known; did you",
        ),
        (HEADER + "m_protein,2.3,g/dL,2022-07-10,a,b", "bad_row", 2, "", "Row 2 has 6 cells, the first line names 4."),
        (HEADER + "sex,female,,\nsex,male,,\n" + ROWS, "two_values", 3, "sex", "Row 3: sex differs from row 2."),
        ("patient_id," + HEADER + "A,bmpc,2,%,2022-01-10\nB,bmpc,2,%,2022-02-10", "two_people", 3, "patient_id", "Row 3: two people"),
        (HEADER, "missing_value", None, "", "There is no row below the first line."),
        ("hello", "missing_column", None, "", "The first line has to name biomarker, value, unit, collected_at; missing:"),
        (
            HEADER.strip() + ",x" * 197 + "\n",
            "bad_row",
            None,
            "",
            "The first line has 201 cells, the longest of 12",
        ),
        (HEADER.strip() + "," + "x" * 201 + "\n", "bad_row", None, "", "The first line has 5 cells, the longest of 201 characters"),
        (HEADER.strip() + ",x" * 196 + "\n", "missing_value", None, "", "There is no row below the first line."),
        ('"a', "missing_column", None, "", "The first line has to name"),
        ("{", "json_invalid", None, "", "Invalid JSON"),
        ('{"patient": {}, "measurements": []}', "missing", None, "", "index_date: Field required."),
    ],
)
def test_what_is_not_read_is_named_by_row_and_column(pasted, text, code, row, column, said):
    found = problems(pasted(text))[0]
    assert found[:3] == (code, row, column)
    assert found[3].startswith(said)


KAPPA = "flc_kappa,{},mg/L,2022-07-10"
EITHER = "{0} can be read as {1} and as {2}. Write the one that is meant, as it stands here."


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('flc_kappa,"1,250",mg/L,2022-07-10', "Row 2: " + EITHER.format("1,250", "1250", "1.25")),
        ("flc_kappa,1,250,mg/L,2022-07-10", "Row 2: " + EITHER.format("1,250", "1250", "1.25")),
        (KAPPA.format("1.250"), "Row 2, flc_kappa: " + EITHER.format("1.250", "1250", "1.25")),
        (KAPPA.format("<1.234"), "Row 2, flc_kappa: " + EITHER.format("<1.234", "<1234", "<1.2340")),
        (KAPPA.format('"0,125"'), "Row 2: 0,125 is not read. Write 0.125."),
    ],
)
def test_a_number_that_may_be_a_thousand_or_a_fraction_is_told_with_both(pasted, row, said):
    assert problems(pasted(HEADER + row)) == [("not_a_number", 2, "value", said)]
    semicolons = HEADER.replace(",", ";") + "flc_kappa;1.250;mg/L;2022-07-10\nm_protein;2.3;g/dL;2022-07-10"
    assert problems(pasted(semicolons))[0][3].startswith("Row 2, flc_kappa: 1.250 can be read as 1250 and as 1.25.")


@pytest.mark.parametrize(
    ("rows", "value"),
    [
        (KAPPA.format("1250"), 1250),
        (KAPPA.format("1.25"), 1.25),
        (KAPPA.format("1.2340"), 1.234),
        (KAPPA.format("1.234") + "\n" + KAPPA.format("12.5").replace("07-10", "08-10"), 1.234),
        (KAPPA.format("1.234") + "\n" + KAPPA.format("0.950").replace("07-10", "08-10"), 1.234),
        (KAPPA.format("10.000") + "\ncreatinine,0.900,mg/dL,2022-07-10", 10),  # as a program writes them, three decimals each
        ("m_protein,1.250,g/dL,2022-07-10", 1.25),  # 1250 g/dL is no M-protein
    ],
)
def test_three_digits_behind_a_point_are_read_where_they_can_mean_one_thing(pasted, rows, value):
    assert pasted(HEADER + rows).json()["results"][0]["value"] == value


def test_a_row_of_json_is_counted_in_its_list(pasted, examples):
    history = json.loads(json.dumps(examples["stable"]))
    history["measurements"][2]["value"] = "2,3"
    assert problems(pasted(json.dumps(history))) == [("not_a_number", 3, "value", "Row 3: 2,3 is not read. Write 2.3.")]
    history["measurements"][2]["value"] = "1,250"
    assert problems(pasted(json.dumps(history)))[0][3] == "Row 3: " + EITHER.format("1,250", "1250", "1.25")
    history["events"] = [{"occurred_at": "2.3.2024", "kind": "death"}]
    code, row, column, said = problems(pasted(json.dumps(history)))[0]
    assert (code, row, column) == ("bad_date", 1, "occurred_at")
    assert said.startswith("Event 1, occurred_at: 2.3.2024 is not accepted")


@pytest.mark.parametrize("secret", ["MEIER, Anna", "<script>alert(1)</script>"])
def test_what_could_name_somebody_is_not_sent_back(pasted, secret):
    for row in (f'"{secret}",1,g/dL,2022-07-10', f'm_protein,"{secret}",g/dL,2022-07-10', f'bmpc,1,"{secret}",2022-07-10'):
        assert secret not in pasted(HEADER + row).text
    assert secret not in pasted(json.dumps({"patient": {secret: 1}, "measurements": []})).text


@pytest.mark.parametrize("text", ["", "\x00", "a,b\n" * 3, "[1]", '{"a": NaN}', HEADER + "x," * 50_000, "\ufeff" + HEADER])
def test_nothing_makes_the_server_fail(pasted, text):
    assert pasted(text).status_code == 422


def test_the_page_and_its_files_are_kept_by_nobody(app):
    client = TestClient(app)
    for path in ("/", "/page/main.js", "/page/page.css", "/page/rising.json"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
        assert client.head(path).status_code == 200
    assert client.get("/page/../api.py").status_code == 404


def test_the_page_is_small_and_in_small_parts(root):
    files = [path for path in (root / "serving/page").iterdir() if path.suffix in (".html", ".css", ".js")]
    assert max(len(path.read_text().splitlines()) for path in files) <= 350
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 60_000, "as it is sent"
    assert not [path.name for path in files if "http://" in path.read_text().replace("http://www.w3.org/2000/svg", "")]
