"""An export of treated people: names, words, methods and answers that `suggest` recognises, and what it leaves to a person."""

import pytest
import yaml

from features.intake.quality import inspect
from features.sources import read_tabular
from features.sources.plain.layout import parse_layout
from features.sources.plain.suggest import suggest, write_layout
from myeloma import ConfigError

PATIENTS = "patient_id;index_date\nP1;2015-01-01\n"
LABOR = """patient_id;datum;test;wert;einheit;methode;material
P1;2015-02-01;IFE Serum;negativ;;;Serum
P1;2015-02-02;serum immunofixation;positive;;;
P1;2015-02-03;MRD;2e-5;1;clonoSEQ;Knochenmark
P1;2015-02-04;MRD;<0,001;%;NGF;KM
P1;2015-02-05;Plasmazellen;12,5;%;Stanze;KM
P1;2015-02-05;M-Gradient;1,2;g/dL;Capillarys;Serum
P1;2015-02-05;QLQ-C30 Global;50;;;
P1;2015-02-05;QLQ-C30 Q8;2;;;
"""
WIDE = "patient_id;datum;MRD [%];IFE Serum;QLQ-C30 Q29;QLQ-C30 Q30;qlq_my20_bi\nP1;2015-02-01;<0.001;negative;6;5;66.7\n"


def suggested(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    found = suggest(folder)
    write_layout(found, folder.parent / "mapping.yaml")
    content = yaml.safe_load((folder.parent / "mapping.yaml").read_text(encoding="utf-8"))
    content["tables"]["events"] = "none"
    (folder.parent / "mapping.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return found, content, inspect(read_tabular(folder, folder.parent / "mapping.yaml"))


def test_names_words_and_methods_are_recognised_and_nothing_else_is_asked(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    found, content, (cohort, quarantine) = suggested(folder, patienten=PATIENTS, labor=LABOR)
    assert [line.partition(":")[0] for line in found.decide] == ["tables.events"]
    assert content["results"] == {"serum_immunofixation": {"negativ": "negative"}}
    assert content["words"]["method"] == {"NGS": ["clonoSEQ"], "biopsy": ["Stanze"]}
    assert quarantine.empty
    assert cohort.measurements[["biomarker", "value", "operator", "method", "specimen"]].to_numpy().tolist() == [
        ["bmpc", 12.5, "", "biopsy", "marrow"],
        ["m_protein", 1.2, "", "", ""],
        ["mrd", 2e-5, "", "NGS", "marrow"],
        ["mrd", 1e-5, "<", "NGF", "marrow"],
        ["qlq_c30_dy", pytest.approx(33.333333), "", "", ""],
        ["qlq_c30_ql", 50, "", "", ""],
        ["serum_immunofixation", 0, "", "", ""],
        ["serum_immunofixation", 1, "", "", ""],
    ]


def test_a_word_for_residual_disease_is_left_to_a_person(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "patienten.csv").write_text(PATIENTS, encoding="utf-8")
    (folder / "labor.csv").write_text(LABOR.replace("<0,001;%", "negativ;%"), encoding="utf-8")
    found = suggest(folder)
    assert found.layout["results"]["mrd"] == {"negativ": "decide"}
    assert any(line.startswith("results.mrd: 1 results are words; a limit") for line in found.decide)


def test_a_wide_table_needs_a_unit_only_where_there_is_one(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    found, content, (cohort, quarantine) = suggested(folder, patienten=PATIENTS, labor=WIDE)
    assert [line.partition(":")[0] for line in found.decide] == ["tables.events"]
    assert content["tables"]["measurements"]["wide"]["mrd"] == {"column": "MRD [%]", "unit": "%"}
    assert quarantine.empty
    assert dict(zip(cohort.measurements["biomarker"], cohort.measurements["value"], strict=True)) == {
        "mrd": 1e-5,
        "qlq_c30_ql": 75,
        "qlq_my20_bi": 66.7,
        "serum_immunofixation": 0,
    }


def test_cells_of_a_wide_table_are_looked_at_as_those_of_a_long_one(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    rows = "".join(f"P1;0{k}.02.2015;12,{k};<0,1;0,{k};nein;zu spät\n" for k in range(1, 9))
    table = "patient_id;datum;Hb [g/dL];M-Protein [g/dL];CRP;IFE Serum;Notiz\n" + rows
    for name, text in (("patienten", PATIENTS), ("labor", table.replace("nein", "schwach", 1))):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    found = suggest(folder)
    content = found.layout
    assert (content["decimal"], content["dates"]) == (",", ["DD.MM.YYYY"])
    assert content["results"] == {"serum_immunofixation": {"schwach": "decide", "nein": "decide"}}
    assert any('is "CRP" a result? It is not read' in line for line in found.decide)
    assert not any("Notiz" in line for line in found.decide)


@pytest.mark.parametrize(("biomarker", "meant"), [("mrd", "<0,001"), ("mrd", "negative"), ("serum_immunofixation", "weak")])
def test_a_word_that_stands_for_no_result_is_refused_with_the_mapping(biomarker, meant):
    with pytest.raises(ConfigError, match=rf'm.yaml, results.{biomarker}."neg": "{meant}" is no result') as refused:
        parse_layout({"results": {biomarker: {"neg": meant}}}, "m.yaml")
    assert "a number with a decimal point" in refused.value.hint
