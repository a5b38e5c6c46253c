"""The picture of one person's course: what stands where, in which words, and that nothing of a file is run or fetched."""

import json
import re
from xml.etree import ElementTree

import pytest

from features.__main__ import app
from features.cohort.schema import read_cohort
from features.console import Steps, run
from features.course.person import course_of_person
from features.course.picture import HEIGHT, WIDTH, draw_course, write_picture
from features.intake.ingest import ingest
from features.intake.quality import clean
from features.simulation.treated import simulate
from myeloma import ConfigError, DataError

SVG = "{http://www.w3.org/2000/svg}"
START = ("P1", "treatment_start", 10, 1, "daratumumab")
FALL = [("P1", "m_protein", day, day, value) for day, value in ((0, 3.0), (5, 2.8), (40, 1.4), (70, 1.2))]
NEGATIVE = ("P1", "mrd", 100, 100, 1e-5, "<")
CRIES = "<script>alert('x')</script>\x00\x1b[31m\u202e" + "W" * 300
DAYS_PER_MONTH = 30.4375


def drawn(cohort, patient="P1"):
    return ElementTree.fromstring(draw_course(course_of_person(cohort, patient)))


def texts(root):
    """Return the visible texts, with plain spaces."""
    return [one.text.replace("\u00a0", " ") for one in root.iter(f"{SVG}text")]


def abouts(root):
    """Return what the groups of marks say they are."""
    return [one.find(f"{SVG}title").text.replace("\u00a0", " ") for one in root.iter(f"{SVG}g")]


def group(root, begins):
    return next(one for one in root.iter(f"{SVG}g") if one.find(f"{SVG}title").text.startswith(begins))


def month_of(root, x):
    """Return the month at a place, read from the labels of the axis."""
    ticks = [(float(one.get("x")), int(one.text)) for one in root.iter(f"{SVG}text") if one.get("y") == "524" and one.text.isdigit()]
    (x0, m0), (x1, m1) = ticks[0], ticks[-1]
    return m0 + (x - x0) / (x1 - x0) * (m1 - m0)


def test_values_stand_at_their_months_and_fall_by_the_log_of_their_share(cohort_of_days):
    root = drawn(cohort_of_days(FALL, [START], "kappa"))
    dots = [(float(one.get("cx")), float(one.get("cy"))) for one in root.iter(f"{SVG}circle") if one.get("r") == "3"]
    assert [month_of(root, x) for x, _ in dots] == pytest.approx([(day - 10) / DAYS_PER_MONTH for day in (0, 5, 40, 70)], abs=0.01)
    half, tenth = (float(one.get("y")) for one in root.iter(f"{SVG}text") if one.text in ("−50 %", "−90 %"))
    assert dots[2][1] + 4 == pytest.approx(half, abs=0.11), "1.4 is half of 2.8, the last value before the start"
    assert tenth > half
    assert "none found" not in texts(root)


def test_a_response_is_striped_until_it_is_confirmed(cohort_of_days):
    root = drawn(cohort_of_days(FALL, [START], "kappa"))
    said = [one for one in abouts(root) if one.startswith("PR, ")]
    assert said[:2] == ["PR, not confirmed, from 10 Feb 2015", "PR, from 12 Mar 2015"]
    open_one, sure = group(root, "PR, not confirmed"), group(root, "PR, from")
    assert open_one.find(f"{SVG}svg/{SVG}path") is not None
    assert sure.find(f"{SVG}svg") is None
    assert "PR since 12 Mar 2015, by serum" in " ".join(texts(root))


def test_a_response_that_waits_for_its_second_sample_says_so_also_on_the_last_day(cohort_of_days):
    said = " ".join(texts(drawn(cohort_of_days(FALL[:3], [START], "kappa"))))
    assert "PR since 10 Feb 2015, not confirmed" in said


def test_a_recorded_progression_ends_the_bar_of_the_response(cohort_of_days):
    root = drawn(cohort_of_days([*FALL, ("P1", "m_protein", 200, 200, 1.2)], [START, ("P1", "progression", 150, None, "")], "kappa"))
    assert "PD, from 31 May 2015" in " ".join(abouts(root)).replace("\xa0", " ")
    assert "PD since 31 May 2015, as recorded" in " ".join(texts(root)).replace("\xa0", " ")


def test_marks_of_residual_disease_are_ring_diamond_and_dashed_square(cohort_of_days):
    tests = [("P1", "mrd", 50, 50, 1e-4, "<"), NEGATIVE, ("P1", "mrd", 460, 460, 2e-4)]
    root = drawn(cohort_of_days([*FALL, *tests], [START], "kappa"))
    assert [one for one in abouts(root) if one.startswith("MRD")] == [
        "MRD not informative: negative at a limit of 0.0001, 20 Feb 2015",
        "MRD negative at a limit of 1e-05, 11 Apr 2015",
        "MRD positive at 0.0002, 5 Apr 2016",
    ]
    assert group(root, "MRD not").find(f"{SVG}rect").get("stroke-dasharray")
    ring = group(root, "MRD negative").find(f"{SVG}circle")
    assert ring.get("fill") == "#FFFFFF"
    assert month_of(root, float(ring.get("cx"))) == pytest.approx(90 / DAYS_PER_MONTH, abs=0.05)
    assert group(root, "MRD positive").find(f"{SVG}path").get("fill") == "#B34E00"
    assert {"10⁻⁴", "10⁻⁵"} <= set(texts(root))
    assert "lost: was negative, is positive at 2·10⁻⁴, since" in " ".join(texts(root))


def test_what_was_never_done_says_so_and_stands_hollow_never_as_off(cohort_of_days):
    root = drawn(cohort_of_days(FALL, [START], "kappa"))
    assert texts(root).count("never tested") == 2
    assert texts(root).count("never asked") == 2
    for unknown in (group(root, "unknown"), group(root, "not evaluable")):
        assert unknown.find(f"{SVG}rect").get("stroke-dasharray")
        assert unknown.find(f"{SVG}rect").get("fill") == "#FFFFFF"


def test_evidence_that_became_old_is_striped_and_was(cohort_of_days):
    root = drawn(cohort_of_days([*FALL, NEGATIVE], [START, ("P1", "last_contact", 1200, None, "")], "kappa"))
    old = group(root, "was not yet sustained")
    assert old.find(f"{SVG}svg") is not None
    assert "was not yet sustained" in texts(root)
    assert month_of(root, float(old.find(f"{SVG}rect").get("x"))) == pytest.approx((100 + 548 - 10) / DAYS_PER_MONTH, abs=1.1)


def test_lines_carry_their_regimens_and_a_transplant_its_triangle(cohort_of_days):
    stop, again = ("P1", "treatment_stop", 100, 1, "daratumumab"), ("P1", "treatment_start", 200, 2, "KRd")
    given = [START, stop, ("P1", "transplant", 60, None, ""), again, ("P1", "progression", 190, None, ""), ("P1", "death", 300, None, "")]
    root = drawn(cohort_of_days(FALL, given, "kappa"))
    assert [one for one in abouts(root) if one.startswith("Line")] == [
        "Line 1: daratumumab, 11 Jan 2015 to 11 Apr 2015",
        "Line 2: KRd, 20 Jul 2015 to 28 Oct 2015",
    ]
    bar = group(root, "Line 2").find(f"{SVG}rect")
    assert month_of(root, float(bar.get("x"))) == pytest.approx(190 / DAYS_PER_MONTH, abs=0.05)
    assert "Transplant, 2 Mar 2015" in abouts(root)
    assert "2 KRd; 1 daratumumab" in texts(root)
    assert {"progression", "death"} <= set(texts(root))


@pytest.mark.parametrize(
    ("heavy", "words"), [("IgG", "CR not assessable under anti-CD38"), ("", "CR may not be assessable under anti-CD38")]
)
def test_a_small_band_under_an_antibody_says_that_cr_cannot_be_told(cohort_of_days, heavy, words):
    cohort = cohort_of_days([*FALL, ("P1", "m_protein", 100, 100, 0.1), ("P1", "m_protein", 130, 130, 0.1)], [START], "kappa")
    cohort.patients["heavy_chain"] = heavy
    root = drawn(cohort)
    assert words in texts(root)
    assert ("may be the antibody" in " ".join(texts(root))) == (heavy == "IgG")


def test_of_another_isotype_nothing_is_said_of_the_antibody(cohort_of_days):
    cohort = cohort_of_days([*FALL, ("P1", "m_protein", 100, 100, 0.1)], [START], "kappa")
    cohort.patients["heavy_chain"] = "IgA"
    assert "assessable" not in " ".join(texts(drawn(cohort)))


def test_none_found_is_hollow_below_the_scale(cohort_of_days):
    root = drawn(cohort_of_days([*FALL, ("P1", "m_protein", 100, 100, 0.1, "<")], [START], "lambda"))
    *_, before, last = [one for one in root.iter(f"{SVG}circle") if one.get("r") == "3"]
    assert (before.get("fill"), last.get("fill")) == ("#0072B2", "#FFFFFF")
    assert float(last.get("cy")) > float(before.get("cy"))
    assert "none found" in texts(root)


def test_a_person_with_light_chains_alone_is_shown_by_the_involved_chain(cohort_of_days):
    chains = [
        ("P1", name, day, day, value)
        for day, kappa in ((0, 900.0), (40, 200.0), (70, 180.0))
        for name, value in (("flc_kappa", kappa), ("flc_lambda", 10.0), ("m_protein", 0.1))
    ]
    chains = [(*row, "<") if row[1] == "m_protein" else row for row in chains]
    urine = [("P1", "urine_m_protein", 0, 0, 20.0, "<")]
    root = drawn(cohort_of_days([*chains, *urine], [START], "kappa"))
    assert {"Involved", "chain", "mg/L"} <= set(texts(root))
    assert "by light chains only" in " ".join(texts(root))
    assert "180 mg/L on 12 Mar 2015," in texts(root)


def test_quality_of_life_is_said_against_the_persons_own_baseline(cohort_of_days):
    answers = [("P1", "qlq_c30_ql", day, day, value) for day, value in ((0, 50.0), (40, 70.0), (70, 30.0))]
    said = " ".join(texts(drawn(cohort_of_days([*FALL, *answers], [START], "kappa"))))
    assert "30 of 100 on 12 Mar 2015, −20 from before the line: worse" in said


def test_a_start_without_any_result_is_drawn_as_unknown(cohort_of_days):
    root = drawn(cohort_of_days([("P2", "m_protein", 0, 0, 1.0)], [START]))
    assert "no result" in texts(root)
    assert "unknown; response," in texts(root) or "unknown; response, MRD" in texts(root)


def test_the_picture_says_what_it_is_to_those_who_do_not_see_it(cohort_of_days):
    root = drawn(cohort_of_days([*FALL, NEGATIVE], [START], "kappa"))
    assert root.get("role") == "img"
    assert (root.get("width"), root.get("height")) == (str(WIDTH), str(HEIGHT)) == ("768", "614")
    title, description = root[0], root[1]
    assert (title.tag, title.text) == (f"{SVG}title", "Course since the start of treatment: P1")
    assert description.tag == f"{SVG}desc"
    for part in ("M-protein: 1.2", "Response: PR since", "MRD: negative at a limit of 10⁻⁵", "Lines of therapy: 1", "Axis depth: PR"):
        assert part in description.text, part
    closing = 'Rules only, no model. Criteria: IMWG 2016. "Meets" means the criteria are met by the results given; it never means cured.'
    assert description.text.endswith(closing)
    assert closing in " ".join(texts(root))
    assert "cured" not in " ".join(texts(root)).replace(closing, "")


def test_text_of_a_file_is_escaped_cut_and_without_control_characters(cohort_of_days):
    cohort = cohort_of_days([(CRIES, *row[1:]) for row in FALL], [(CRIES, "treatment_start", 10, 1, CRIES)])
    written = draw_course(course_of_person(cohort, CRIES))
    root = ElementTree.fromstring(written)  # else it is no XML
    assert "<script" not in written
    assert "&lt;script&gt;" in written
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", written)
    assert max(map(len, re.findall("W+", written))) < 60
    assert all(len(text) < 110 for text in texts(root))


def test_nothing_is_styled_run_fetched_or_referred_to():
    cohort = clean(simulate(12, seed=3))[0]
    for patient in cohort.events.loc[cohort.events["kind"] == "treatment_start", "patient_id"].unique():
        written = draw_course(course_of_person(cohort, patient))
        root = ElementTree.fromstring(written)
        assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {"svg", "title", "desc", "g", "rect", "line", "path", "circle", "text"}
        names = {name for one in root.iter() for name in one.attrib}
        assert not [name for name in names if name in ("style", "class", "id") or name.startswith("on") or "href" in name]
        assert "url(" not in written
        assert written.count("http") == 1  # the name of the format
        assert len(written) < 60_000


def test_every_place_lies_within_the_picture():
    cohort = clean(simulate(12, seed=3))[0]
    for patient in cohort.events.loc[cohort.events["kind"] == "treatment_start", "patient_id"].unique():
        for one in drawn(cohort, patient).iter():
            for name, most in (("x", WIDTH), ("cx", WIDTH), ("x1", WIDTH), ("x2", WIDTH), ("y", HEIGHT), ("cy", HEIGHT)):
                assert 0 <= float(one.get(name, 0)) <= most, (patient, one.tag, one.attrib)


def test_an_unknown_person_and_one_without_therapy_are_refused_and_nobody_is_named(cohort_of_days, tmp_path):
    cohort = cohort_of_days(FALL, [START])
    with pytest.raises(DataError, match="No person of this cohort has the patient_id") as unknown:
        write_picture(cohort, "p1", tmp_path / "course.svg")
    with pytest.raises(DataError, match="no start of therapy") as untreated:
        write_picture(cohort, "P2", tmp_path / "course.svg")
    assert "treatment_start" in untreated.value.hint
    assert not any(name in str(refused.value) for refused in (unknown, untreated) for name in ("P1", "P2"))
    assert list(tmp_path.iterdir()) == []


def test_another_ending_than_svg_is_refused(cohort_of_days, tmp_path):
    with pytest.raises(ConfigError, match=r"does not end in \.svg"):
        write_picture(cohort_of_days(FALL, [START]), "P1", tmp_path / "course.csv")


def test_the_command_writes_the_picture_alone_and_for_its_owner_alone(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ingest(simulate(5, seed=3), tmp_path / "cohort", Steps(quiet=True))
    cohort = read_cohort(tmp_path / "cohort")
    patient = cohort.events.loc[cohort.events["kind"] == "treatment_start", "patient_id"].iloc[0]
    with pytest.raises(SystemExit) as ended:
        run(app, ["course", "cohort", "--plot", patient, "--out", "course.svg", "--json"])
    said = capsys.readouterr()
    assert ended.value.code == 0, said.err
    assert json.loads(said.out)["out"] == "course.svg"
    assert patient not in said.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort", "course.svg"]
    assert (tmp_path / "course.svg").stat().st_mode & 0o077 == 0
    assert "(simulated person)" in (tmp_path / "course.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "given", [["--plot", "NOBODY", "--out", "course.svg"], ["--plot", "T000001", "--out", "course.csv"], ["--out", "course.svg"]]
)
def test_the_command_refuses_without_a_traceback(tmp_path, capsys, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    ingest(simulate(5, seed=3), tmp_path / "cohort", Steps(quiet=True))
    with pytest.raises(SystemExit) as ended:
        run(app, ["course", "cohort", *given])
    said = capsys.readouterr()
    assert ended.value.code != 0
    assert "Traceback" not in said.err
    assert "Hint" in said.err or "hint" in said.err.lower()
    assert not (tmp_path / given[-1]).exists()


def test_the_example_in_the_docs_is_such_a_picture(root):
    example = root / "docs" / "course.svg"
    drawing = ElementTree.fromstring(example.read_text(encoding="utf-8"))
    assert example.stat().st_size < 60_000
    assert "(simulated person)" in " ".join(texts(drawing))
    assert drawing[1].text.endswith("it never means cured.")
