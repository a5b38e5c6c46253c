"""The model card: what the run knows is filled in, what it does not know is a visible blank, and the page is inert and whole."""

import html
import json
import re
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloma import ConfigError, StateError
from serving.store.champion import connect
from training.card import Facts, as_html, as_markdown, card_of, facts_of_run, write_card
from training.card.cells import people, with_interval
from training.card.document import Blank, Card, Section, Text, table
from training.card.of_run import last_decision
from training.card.purpose import SIMULATED
from training.gate.verdict import Check
from training.metrics.estimate import Estimate
from training.places import CARD_HTML, CARD_MD
from training.plan import load_plan
from training.rows.small_cells import SUPPRESSED

SENTINEL = "SENTINEL-4410"
DOMAINS = ("Participants and data sources", "Predictors", "Outcome", "Analysis")
PNG = b"\x89PNG\r\n\x1a\n"
SUBGROUPS = """model,grouping,group,horizon,measure,estimate,lo,hi,why
x,sex,female,24,patients,40,,,
x,sex,female,24,events,22,,,
x,sex,female,24,auc,0.71,0.60,0.82,
x,sex,male,24,patients,,,,fewer than 10 people: not written down
x,sex,male,24,events,,,,fewer than 10 people: not written down
x,sex,male,24,auc,,,,"only fewer than 10 people here progress within 24 months, at least 20 are needed; pool more people."
"""


class Page(HTMLParser):
    """The tags of a page, its attributes, and its text by the last heading of the second level."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.sections, self._heading, self._in_heading = [], {}, "", False
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "h2":
            self._in_heading, self._heading = True, ""

    def handle_endtag(self, tag):
        self._in_heading = self._in_heading and tag != "h2"

    def handle_data(self, data):
        if self._in_heading:
            self._heading += data
        else:
            self.sections[self._heading] = self.sections.get(self._heading, "") + data

    def named(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def bare(plan, **known):
    return Facts(plan, "boosting", "3", "0" * 32, **known)


@pytest.mark.parametrize(
    ("kind", "share", "told"), [("logistic", None, True), ("boosting", "0.1", True), ("logistic", "0.0", False), ("cox", None, False)]
)
def test_the_card_tells_of_visits_fitted_to_with_biomarkers_hidden_where_they_were(smm_plan, kind, share, told):
    facts = replace(judged(smm_plan), model={"kind": kind}, params={} if share is None else {"hidden_share": share})
    assert ("a second time with biomarkers hidden" in as_markdown(card_of(facts))) == told


def test_the_card_tells_what_observed_to_expected_is_with_one_biomarker_hidden(smm_plan):
    hidden = {"oe_ratio_24m_without_m_protein": 0.97, "oe_ratio_24m_without_bmpc": 1.04, "oe_ratio_12m_without_bmpc": 1.2}
    told = "With one biomarker hidden from everybody held out, observed / expected at 24 months is 0.97 to 1.04"
    for figures, there in ((hidden, True), ({}, False)):
        facts = replace(judged(smm_plan, **figures), model={"kind": "cox"})
        assert (told in as_markdown(card_of(facts))) == there


def judged(plan, **figures):
    metrics = {"auc_24m": 0.8, "auc_24m_lo": 0.76, "auc_24m_hi": 0.84, "events_24m": 40.0, "patients_24m": 200.0} | figures
    return bare(plan, metrics={name: value for name, value in metrics.items() if value is not None})


@pytest.fixture
def version(trained):
    return max(connect().search_model_versions("name = 'smm-progression'"), key=lambda v: int(v.version))


@pytest.fixture
def facts(trained, version, small_smm_plan):
    return facts_of_run(small_smm_plan, version.run_id, version.version, trained.folder / "evaluation", trained.cohort)


@pytest.mark.slow
def test_every_version_has_its_card_at_the_same_place_and_report_writes_the_same_bytes(trained, small_smm_plan, tmp_path):
    client = connect()
    for version in client.search_model_versions("name = 'smm-progression'"):
        write_card(card_of(facts_of_run(small_smm_plan, version.run_id, version.version, cohort=trained.cohort)), tmp_path)
        for name in (CARD_HTML, CARD_MD):
            (tmp_path / "logged").mkdir(exist_ok=True)
            logged = Path(client.download_artifacts(version.run_id, name, str(tmp_path / "logged")))
            assert (tmp_path / name).read_bytes() == logged.read_bytes(), (version.version, name)


@pytest.mark.slow
def test_a_card_is_made_of_what_the_run_holds_and_no_model_is_loaded(trained, version, small_smm_plan, monkeypatch):
    monkeypatch.setattr("serving.artifact.load_artifact", lambda *arguments: pytest.fail("a model was loaded"))
    monkeypatch.setattr("serving.store.champion.load_version", lambda *arguments: pytest.fail("a model was loaded"))
    card = card_of(facts_of_run(small_smm_plan, version.run_id, version.version))
    assert len(as_html(card)) > len(as_markdown(card)) > 10_000


@pytest.mark.slow
def test_the_figures_are_those_of_the_run_with_their_intervals(facts):
    page = Page(as_html(card_of(facts)))
    for months in facts.horizons:
        low, value, high = (facts.metrics[f"auc_{months}m{end}"] for end in ("_lo", "", "_hi"))
        shown = f"{value:.3f} ({low:.3f} to {high:.3f})"
        assert shown in page.sections["Performance"].replace("\u00a0", " ")
        assert shown in as_markdown(card_of(facts))
    checks = json.loads(facts.files["gate.json"])["checks"]
    assert len(checks) > 15
    for check in checks:
        assert check["name"] in page.sections["Gate"]
        assert check["accepted"] in page.sections["Gate"]
    weights = facts.frame("explanation/stability.csv", ("horizon", "biomarker", "log_odds", "share_lo", "share_hi"))
    for line in weights[weights["horizon"] == 24].itertuples():
        assert f"{line.log_odds:.3f}" in page.sections["What drives the risk"]
        assert f"{line.share_lo:.0%} to {line.share_hi:.0%}" in page.sections["What drives the risk"].replace("\u00a0", " ")
    assert f"these fits: {facts.metrics['shap_rank_correlation_24m']:.2f}" in page.sections["What drives the risk"]
    again = page.sections["How to reproduce"]
    assert all(facts.tags[name] in again for name in ("git_commit", "cohort_hash", "feature_hash"))
    assert "evaluation.seed 1" in again
    assert f"{facts.about['attrition']['visits']:,}" in page.sections["Cohort and attrition"]
    assert f"{facts.counts['measurements']['read']:,}" in page.sections["Cohort and attrition"]


@pytest.mark.slow
def test_the_page_stands_alone_and_every_picture_has_words(facts):
    page = Page(as_html(card_of(facts)))
    names = {name for name, _ in page.tags}
    assert names.isdisjoint({"script", "iframe", "object", "embed", "form"})
    assert not [a for _, a in page.tags if any(key.startswith("on") for key in a)]
    targets = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = [attributes["href"] for name in ("a", "link") for attributes in page.named(name)]
    assert all(link == "data:," or (link.startswith("#") and link[1:] in targets) for link in links)
    pictures = page.named("img")
    assert len(pictures) == (8 if facts.name == "logistic" else 10)  # five of the figures; a bar for each horizon drawn, and two
    assert all(picture["src"].startswith("data:image/png;base64,iVBOR") and len(picture["alt"]) > 20 for picture in pictures)
    assert "url(" not in as_html(card_of(facts))
    assert len(page.named("h1")) == 1
    assert page.named("html") == [{"lang": "en"}]
    assert len(page.named("caption")) == len(page.named("table"))


@pytest.mark.slow
def test_a_published_score_has_no_card(trained, small_smm_plan):
    results = json.loads((trained.folder / "evaluation" / "metrics.json").read_text())
    with pytest.raises(ConfigError, match="published score"):
        facts_of_run(small_smm_plan, results["mayo_2018"]["run_id"])


@pytest.mark.slow
def test_files_that_the_store_lost_are_taken_from_the_evaluation_of_the_same_run_alone(trained, version, small_smm_plan):
    artifacts = trained.folder / "mlruns" / "artifacts"
    artifacts.rename(artifacts.with_name("moved"))
    try:
        kept = facts_of_run(small_smm_plan, version.run_id, version.version, trained.folder / "evaluation")
        lost = facts_of_run(small_smm_plan, version.run_id, version.version, trained.folder)
    finally:
        artifacts.with_name("moved").rename(artifacts)
    assert {"performance.csv", "subgroups.csv", "plots/roc.png"} <= kept.files.keys()
    assert lost.files == lost.model == {}
    text = as_markdown(card_of(lost))
    assert "The run's tables and plots: **not reported**" in text
    assert "The artifact's own description: **not reported**" in text


def test_a_run_that_knows_nothing_gives_a_card_of_blanks(smm_plan):
    card = card_of(bare(smm_plan))
    page, text = Page(as_html(card)), as_markdown(card)
    for title in ("In short", "Cohort and attrition", "Performance", "Fixed landmarks", "Subgroups", "Gate", "How to reproduce"):
        assert "not reported:" in page.sections[title], title
    assert text.count("**not reported**") == as_html(card).count("<b>not reported:</b>") > 40
    assert SIMULATED not in text


def test_the_27_items_and_the_four_domains_are_all_there_and_the_checklists_are_named(smm_plan):
    page = Page(as_html(card_of(judged(smm_plan))))
    items = page.sections["TRIPOD+AI"]
    assert [int(n) for n in re.findall(r"(?m)(?<![\d,])(\d+) (?=[A-Z][a-z])", items.partition("Items 1 to 4")[2])] == list(range(1, 28))
    assert "abbreviated" in items
    assert "BMJ 2024;385:e078378" in items
    check = page.sections["PROBAST+AI self-check"]
    assert all(domain in check for domain in (*DOMAINS, "development", "evaluation", "applicability"))
    assert "bmj-2024-082505" in check


def test_an_old_run_without_a_figure_shows_the_blank_where_the_figure_would_be(smm_plan):
    whole, old = (as_markdown(card_of(judged(smm_plan, auc_24m=value))) for value in (0.8, None))
    assert "| 24 months | 0.800 (0.760 to 0.840) |" in whole
    assert "| 24 months | **not reported**: this run has no such figure |" in old


def test_a_figure_that_evaluation_refused_shows_evaluations_reason(smm_plan):
    refused = b"model,subset,horizon,measure,threshold,estimate,lo,hi,why\nx,,24,auc,,,,,only 12 people here progress; pool more.\n"
    facts = replace(judged(smm_plan, auc_24m=None), files={"performance.csv": refused})
    assert "| 24 months | **not reported**: only 12 people here progress |" in as_markdown(card_of(facts))


def test_a_figure_that_misses_its_bound_is_not_rounded_to_it(smm_plan):
    check = {"name": "auc_24m", "value": 0.59999, "accepted": ">= 0.6", "holds": False, "note": ""}
    gate = json.dumps({"verdict": "reject", "checks": [check]}).encode()
    assert "0.59999" in Page(as_html(card_of(replace(judged(smm_plan), files={"gate.json": gate})))).sections["Gate"]


def test_the_warning_stands_first_where_the_cohort_is_simulated_and_nowhere_else(smm_plan):
    simulated, real = (
        Page(as_html(card_of(replace(judged(smm_plan), tags={"source": source})))).sections for source in ("simulated", "tabular")
    )
    assert simulated["In short"].strip().startswith(SIMULATED)
    for title in ("Cohort and attrition", "Intended use and limits", "TRIPOD+AI"):
        assert SIMULATED in simulated[title]
    assert "Concern: nobody in the cohort is a patient" in simulated["PROBAST+AI self-check"]
    assert not any(SIMULATED in text for text in real.values())


@pytest.mark.parametrize(("kind", "weighted"), [("boosting", True), ("logistic", True), ("cox", False)])
def test_only_a_model_that_is_fitted_to_weighted_visits_is_said_to_be(smm_plan, kind, weighted):
    text = as_markdown(card_of(replace(judged(smm_plan), model={"kind": kind})))
    assert (f"{kind}, fitted to visits weighted" in text) == weighted
    assert (f"{kind}, fitted to the times" in text) != weighted


def test_what_evaluation_kept_back_in_subgroups_stays_back_and_is_said(smm_plan):
    text = as_markdown(card_of(replace(judged(smm_plan), files={"subgroups.csv": SUBGROUPS.encode()})))
    assert "| female | 40 | 22 | 0.710 (0.600 to 0.820) |" in text
    refused = "fewer than 10 people here progress within 24 months, at least 20 are needed"
    assert f"| male | kept back | kept back | **not reported**: {refused} |" in text
    assert '"kept back" (1 here)' in text


@pytest.mark.parametrize(("count", "shown"), [(0.0, "0"), (1.0, SUPPRESSED), (9.0, SUPPRESSED), (10.0, "10"), (1234.0, "1,234")])
def test_fewer_than_ten_people_are_not_written_down(count, shown):
    assert people(count) == shown


def test_few_people_who_judge_are_not_written_down_where_those_fitted_on_are_counted(smm_plan):
    facts = replace(
        judged(smm_plan, events_24m=7.0, rows_24m=800.0),
        model={"about": {"trained_on": {"patients": 1234, "landmarks": 5000, "patients_progressing": 300}}},
    )
    text = as_markdown(card_of(facts))
    assert "| fitted on, progression at any time | 1,234 | 5,000 | 300 |" in text
    assert f"| judged on, progression within 24 months | 200 | 800 | {SUPPRESSED} |" in text


def test_a_small_count_that_evaluation_did_not_write_down_is_said_to_be_one_and_its_landmark_stays(smm_plan):
    head, few = "model,subset,horizon,measure,threshold,estimate,lo,hi,why\n", ",,,,,fewer than 10\n"
    refused = 'x,at_10y,24,auc,,,,,"fewer than 10 people here progress within 24 months, at least 20 are needed; pool more people."\n'
    counts = f"x,at_10y,24,patients{few}x,at_10y,24,events{few}x,,24,events{few}"
    facts = replace(judged(smm_plan, events_24m=None), files={"performance.csv": f"{head}{counts}{refused}".encode()})
    text = as_markdown(card_of(facts))
    assert "10 years after the index date" in text
    why = "fewer than 10 people here progress within 24 months, at least 20 are needed"
    assert f"| 24 months | {SUPPRESSED} | {SUPPRESSED} | **not reported**: {why} |" in text
    assert f"| judged on, progression within 24 months | 200 | **not reported**: this run has no such figure | {SUPPRESSED} |" in text
    assert "| 24 months | 0.800 (0.760 to 0.840) |" in text, "why a count is not there is not why a figure is not"


def test_a_small_count_of_people_diagnosed_late_is_said_to_be_one(smm_plan):
    late = "subset,horizon,measure,estimate,lo,hi,why\nlate,24,patients,40,,,\nlate,24,events,,,,fewer than 10\nlate,24,auc,,,,few.\n"
    text = as_markdown(card_of(replace(judged(smm_plan), files={"refits/time.csv": late.encode()})))
    assert f"| late | 40 | {SUPPRESSED} | **not reported**: few |" in text


def test_a_site_that_is_called_na_is_a_site(smm_plan):
    sites = SUBGROUPS.replace("sex,female", "site,NA").replace("sex,male", "site,None")
    text = as_markdown(card_of(replace(judged(smm_plan), files={"subgroups.csv": sites.encode()})))
    assert "| NA | 40 | 22 | 0.710 (0.600 to 0.820) |" in text
    assert "| None | kept back |" in text


def test_a_figure_of_the_gate_that_rounds_to_the_bound_it_misses_is_shown_with_more_digits(smm_plan):
    checks = [Check("auc_24m", 0.599987, ">= 0.6", False), Check("batch minus HTTP answer", None, "<= 1e-09", None, "nobody is here")]
    verdict = json.dumps({"verdict": "reject", "checks": [asdict(check) for check in checks]}).encode()
    text = as_markdown(card_of(replace(judged(smm_plan), files={"gate.json": verdict})))
    assert "| auc_24m | 0.59999 | &gt;= 0.6 | NOT MET |" in text
    assert "| batch minus HTTP answer | - | &lt;= 1e-09 | NOT MEASURED | **not reported**: nobody is here |" in text


def test_a_doubt_that_the_task_accepts_stands_on_the_card_with_its_reason(smm_plan):
    check = Check("oe_ratio_24m", 1.1, "0.8 to 1.25", None, lo=0.78, hi=1.4, doubt="there are 40 events only")
    verdict = json.dumps({"verdict": "promote", "checks": [asdict(check)]}).encode()
    text = as_markdown(card_of(replace(judged(smm_plan), files={"gate.json": verdict})))
    assert "| oe_ratio_24m | 1.1 (0.78 to 1.4) | 0.8 to 1.25 | not shown, accepted | there are 40 events only |" in text


def test_a_figure_without_interval_says_so_and_one_that_is_no_number_is_a_blank():
    assert with_interval(Estimate(0.8, 0.7, float("nan")), 2) == "0.80 (no interval)"
    assert isinstance(with_interval(Estimate(float("nan"), 0.7, 0.9), 2), Blank)


def test_no_identifier_reaches_the_card(smm_plan):
    """Whatever else stands in tags or tables, only what the card asks for is shown."""
    subgroups = SUBGROUPS.replace("why\n", f"why,patient_id\n{SENTINEL}").encode()
    facts = replace(
        judged(smm_plan),
        tags={"mlflow.user": SENTINEL, "folder": f"/data/{SENTINEL}", "source": "tabular"},
        files={"subgroups.csv": subgroups, "predictions.json": SENTINEL.encode()},
        model={"about": {"reference": {SENTINEL: {}}}, "horizons": [24]},
    )
    assert SENTINEL not in as_html(card_of(facts)) + as_markdown(card_of(facts))


@settings(max_examples=25)
@given(st.text(max_size=40))
def test_words_from_outside_never_become_markup(smm_plan, words):
    def page(inside):
        files = {"subgroups.csv": SUBGROUPS.encode(), "plots/roc.png": PNG}
        about = {"about": {"title": inside, "population": "smm", "treatment": inside}}
        return as_html(card_of(replace(judged(smm_plan), model=about, tags={"source": inside, "git_commit": inside}, files=files)))

    def marks(content):
        return [name for name, _ in Page(content).tags]

    words = words or "x"
    if words not in ("simulated", "mgus2"):
        assert marks(page(words + "<script>alert(1)</script>")) == marks(page("x"))


def test_a_title_with_a_script_is_shown_as_typed(smm_plan):
    content = as_html(card_of(bare(replace(smm_plan, task=replace(smm_plan.task, title="<script>alert(1)</script>")))))
    assert "<script" not in content
    assert html.escape("<script>alert(1)</script>") in content


@given(st.text(max_size=30))
def test_a_cell_stays_one_cell_in_markdown(words):
    card = Card("t", "l", [Section("s", [table("c", ("a", "b"), [["x", words]]), Text(words)])])
    row = next(line for line in as_markdown(card).split("\n") if line.startswith("| x"))
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3
    assert "<" not in row


STABILITY = """horizon,biomarker,log_odds,share,share_lo,share_hi,rank,rank_best,rank_worst,top_3,fits
24,m_protein,0.6,0.75,0.61,0.8,1,1,1,1,10
24,bmpc,0.2,0.25,0.2,0.39,2,2,3,0.9,10
24,age,0,0,0,0,3,3,3,0,10
60,m_protein,0.9,0.77,0.7,0.8,1,1,1,1,10
"""


def drivers(plan, stability, metrics, *pictures):
    files = {"explanation/stability.csv": stability.encode()} | {f"explanation/{name}": PNG for name in pictures}
    return as_markdown(card_of(bare(plan, files=files, metrics=metrics))).split("## What drives the risk")[1].split("## Gate")[0]


def test_the_ranking_of_biomarkers_stands_beside_that_of_the_fits_to_halves(smm_plan):
    text = drivers(smm_plan, STABILITY, {"shap_rank_correlation_24m": 0.934})
    assert "| Serum M-protein | 0.600 | 75% | 61% to 80% | 1 | 100% |" in text
    assert "| Bone marrow plasma cells | 0.200 | 25% | 20% to 39% | 2 to 3 | 90% |" in text
    assert "| Age, years | 0.000 | 0% | 0% to 0% | not used | 0% |" in text
    assert "0.900" not in text, "the lines of another horizon"
    assert "these fits: 0.93. Each fit knows half of the patients, so it varies more" in text


def test_a_model_without_fits_to_halves_says_so(smm_plan):
    alone = "horizon,biomarker,log_odds,share,share_lo,share_hi,rank,rank_best,rank_worst,top_3,fits\n24,bmpc,0.2,1,,,1,,,,0\n"
    text = drivers(smm_plan, alone, {})
    assert "| Bone marrow plasma cells | 0.200 | 100% |\n" in text
    assert "How stable the ranking is: **not reported**: the model keeps no fits to halves" in text


def test_contributions_that_are_alike_at_every_horizon_are_drawn_once_and_said_to_be(smm_plan):
    def drawn(*horizons):
        names = [f"{months}m/{name}.png" for months in horizons for name in ("biomarker_importance", "dependence")]
        return drivers(smm_plan, STABILITY, {}, *names)

    alike, differing = drawn(24), drawn(12, 24, 60)
    assert ("same at every horizon" in alike, "same at every horizon" in differing) == (True, False)
    assert (alike.count("Picture"), differing.count("Picture")) == (2, 4)
    assert "other horizons are among the run's artifacts: explanation/12m, explanation/60m." in differing


def test_what_was_judged_again_elsewhere_is_shown_and_what_was_not_names_the_command(smm_plan):
    sites = SUBGROUPS.replace("grouping,group", "grouping,subset").replace("sex,female", "site,site_east").encode()
    text = as_markdown(card_of(replace(judged(smm_plan), files={"refits/sites.csv": sites})))
    assert "| site east | 40 | 22 | 0.710 (0.600 to 0.820) |" in text
    assert "python -m training evaluate --task smm --refit sites" not in text
    assert "**not reported**: not done when this page was written; python -m training evaluate --task smm --refit time" in text
    assert "then register, which writes this page anew" in text


def test_a_cross_validated_model_is_not_said_to_be_the_one_judged(mgus_plan):
    text = as_markdown(card_of(replace(bare(mgus_plan), params={"evaluation.kind": "cross_validation", "evaluation.folds": "5"})))
    assert "5-fold cross-validation by patient; the registered model is fitted to everybody, the folds' models are judged" in text
    assert "held out" not in text


def test_a_commit_with_changed_files_is_said_to_be_no_whole_record(smm_plan):
    text = as_markdown(card_of(replace(judged(smm_plan), tags={"git_commit": "abc123-dirty"})))
    assert "abc123-dirty. **not reported**: files differed from this commit" in text
    assert "git checkout abc123\n" in text


@pytest.mark.slow
def test_report_takes_a_version_an_alias_a_model_or_the_champion(store, command):
    store.register()
    store.register("cox", brier=0.11)
    for line, says in (("", "version 1"), ("--version 2", "version 2"), ("--version champion", "version 1"), ("--model cox", "version 2")):
        code, text = command(f"report --task smm --out cards {line}")
        assert (code, says in text) == (0, True), line
        title = (store.folder / "cards" / CARD_MD).read_text().splitlines()[0]
        assert says in title
        assert f"<h1>{title.removeprefix('# ')}</h1>" in (store.folder / "cards" / CARD_HTML).read_text()
    store.fitted("boosting")
    code, text = command("report --task smm --model boosting")
    assert (code, "not registered" in text) == (0, True)
    assert (store.folder / "data" / "smm" / CARD_HTML).is_file()


@pytest.mark.slow
def test_what_has_no_card_is_told_with_a_hint(store, command):
    code, text = command("report --task smm")
    assert (code, "no champion" in text, "Hint: " in text) == (1, True, True)
    store.register()
    store.fitted("mayo_2018")
    for line, says in (
        ("--version 9", "no version 9"),
        ("--model mayo_2018", "published score"),
        ("--model nobody", "not a candidate"),
        ("--model cox --version 1", "exclude each other"),
    ):
        code, text = command(f"report --task smm {line}")
        assert (code, says in text, "Hint: " in text) == (1, True, True), text
    with pytest.raises(StateError, match="no longer in the tracking store"):
        facts_of_run(store.plan, "0" * 32)


def test_a_task_of_another_event_has_a_card_in_its_own_words(smm_plan):
    rules = replace(smm_plan.task.rules, event="death", competing_event="transplant", population=None, criteria_guard=False)
    plan = replace(smm_plan, task=replace(smm_plan.task, name="liver", title="Biliary cholangitis to death", rules=rules))
    attrition = {"patients": 50, "visits": 90, "landmarks": 40, "not_at_risk": {"progressed": 30, "dead": 20}}
    text = as_markdown(card_of(replace(judged(plan), model={"kind": "cox", "about": {"attrition": attrition}})))
    assert "the probability of death within" in text
    assert "of the visit and before transplant" in text
    assert "Outcome: Biliary cholangitis to death; transplant competes; treatment before death ends observation" in text
    assert "people of the cohort, at whatever stage" in text
    assert ["- not at risk: death by then" in text, "- not at risk: transplant by then" in text] == [True, True]
    assert "Death as the source records it" in text
    assert [line for line in text.replace("liver-progression", "").splitlines() if "progress" in line.lower()] == []


def test_a_model_keeps_the_words_it_was_made_with(smm_plan):
    words = {"event": "kidney failure", "competing": "death"}
    text = as_markdown(card_of(replace(judged(smm_plan), model={"kind": "cox", "about": {"words": words}})))
    assert "the probability of kidney failure within" in text


def test_the_card_of_a_task_about_a_line_of_therapy_says_who_is_at_risk_and_what_a_later_line_does(root):
    text = as_markdown(card_of(Facts(load_plan("relapse", root / "params.yaml"), "ensemble", "1", "run")))
    assert "people are at risk from 90 days after the start of line 1 on; a later line before relapse counts as relapse" in text
    assert "people who were never treated" in text
    assert "people under treatment" not in text
    assert "they are signs of relapse" in text


CHOICE = {"choice_share_24m": 0.04, "choice_auc_24m": 0.01, "choice_brier_24m": 0.001}
GATES = {"action": "promote", "at": "2026-01-02", "verdict": "promote", "reason": "lowest brier_24m of those that pass the gate"}


def test_of_a_version_that_a_person_made_live_the_card_says_when_and_why_and_claims_no_choice_by_figures(smm_plan):
    person = {"action": "promote", "at": "2026-01-02T03:04:05+00:00", "verdict": "hold", "reason": "simpler"}
    text = as_markdown(card_of(bare(smm_plan, metrics=CHOICE, decided=person)))
    assert "A person made this version live at 2026-01-02T03:04:05+00:00 (promote; the gate said hold): simpler." in text
    assert "comes first in" not in text


def test_after_a_rollback_without_a_reason_the_card_says_why_the_version_was_live_before(smm_plan):
    first = {"action": "promote", "at": "2026-01-02", "verdict": "hold", "reason": "pilot"}
    back = {"action": "rollback", "at": "2026-02-03", "reason": ""}
    text = as_markdown(card_of(bare(smm_plan, metrics=CHOICE, decided=last_decision([first, back]))))
    assert "at 2026-02-03 (rollback): no reason was given; it was live before (promote at 2026-01-02: pilot)." in text
    assert last_decision([first, {**back, "reason": "drift"}]) == {**back, "reason": "drift"}
    assert last_decision([]) == {}


@pytest.mark.parametrize("decided", [{}, GATES])
def test_of_a_version_that_no_person_decided_on_the_card_says_how_the_choice_by_figures_goes(smm_plan, decided):
    text = as_markdown(card_of(bare(smm_plan, metrics=CHOICE, decided=decided)))
    assert "chooses among candidates by these figures: boosting comes first in 4% of the bootstrap draws" in text
    assert "A person made" not in text


@pytest.mark.parametrize(
    ("landmarks", "said"),
    [
        ((0.7, 0.75), "the AUC is higher than at 2 of the 2 fixed landmarks below: of a person's visits those close to the event are easy"),
        ((0.9, 0.8), "the AUC is no higher than at 2 of the 2 fixed landmarks below: here it is not higher than what a person meets"),
    ],
)
def test_what_pooling_over_visits_does_is_said_as_the_figures_have_it(smm_plan, landmarks, said):
    at = {f"auc_24m_at_{years}y": value for years, value in enumerate(landmarks)}
    assert said in as_markdown(card_of(judged(smm_plan, rows_24m=900.0, **at)))


def test_of_pooling_nothing_is_said_where_no_landmark_has_a_figure(smm_plan):
    assert "Pooled over visits" not in as_markdown(card_of(judged(smm_plan, rows_24m=900.0)))
