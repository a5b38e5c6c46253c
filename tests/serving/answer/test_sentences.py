"""Sentences of an answer: cases, and a checker that reads ten thousand answers' sentences and shares no code with what wrote them."""

import math
import random
import re
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import myeloma
from features import cohort_of_frames
from features.history.arrays import Histories
from features.history.burden.parameters import MARKERS
from features.history.columns import GROWTH
from serving.answer.person import burden_told, contributions_of, measured_of
from serving.answer.record import Contribution
from serving.answer.scored import score_rows, seen_by
from serving.answer.sentences import LEAST_CONTRIBUTION, MOST_SENTENCES, sentences_of
from serving.artifact import load_artifact
from serving.predict import by_biomarker
from tests.features.history.burden.twin import by_now, told

DAY = date(2020, 1, 1)
MADE = {  # unit, least and largest value
    "m_protein": ("g/dL", 0.3, 4.0),
    "flc_kappa": ("mg/L", 3.0, 200.0),
    "flc_lambda": ("mg/L", 3.0, 60.0),
    "bmpc": ("%", 2.0, 50.0),
    "hemoglobin": ("g/dL", 9.0, 16.0),
    "creatinine": ("mg/dL", 0.5, 2.5),
}
ENTRIES = yaml.safe_load(Path(myeloma.__file__).with_name("catalogue.yaml").read_text(encoding="utf-8"))["biomarkers"]
HORIZONS = {"1 year": 12, "2 years": 24, "5 years": 60}
MEASURED = re.compile(
    r"(?P<label>.+) was (?P<reported>below |above |)(?P<value>[\d.]+)(?P<unit>| \S.*?) on (?P<day>\d+ \w{3} \d{4})(?P<changed>|[,].*?)"
    r"(?P<by_now>|; by the day of this risk all results together tell (?P<told>\d+ %(?: or more)?))\. "
    r"With its history it (?P<way>raises|lowers) the risk within (?P<horizon>[\w ]+)\."
)
CHANGED = re.compile(
    r", (?P<by>[\d.]+)(?P<unit>| \S.*?) (?P<side>above|below) the result before"
    r"(?:: (?P<how>more than|within) the (?P<percent>\d+) % by which noise alone (?P<verb>raises|lowers) it (?P<whom>[\w ]+)"
    r"|(?P<unknown>; how much of that is noise is not known))"
)
KINDS = re.compile("hardly known yet|As the results|within the|more than the|the same as|No result|below the|above the| was below")
HARDLY = re.compile(
    r"How fast the disease burden grows is hardly known yet; for this model that (?:raises|lowers) the risk within [\w ]+\."
)
BURDEN_SAID = re.compile(
    r"As the results tell it, the disease burden (?P<course>(?:rises|falls) by \d+ % a year|is steady|more than doubles in a year) "
    r"\(median of training (?:[+-]\d+|0) %\), (?P<since>[+-]\d+|0) % since the first result; "
    r"for this model that (?:raises|lowers) the risk within [\w ]+\."
)


def reason(biomarker, contribution=0.5, value=2.3, unit="g/dL", day="2022-07-01", change=None, exceeds=None, label="It", reported=""):
    return Contribution(biomarker, label, contribution, value, reported, unit, day, 0.0, change, exceeds)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (reason("m_protein"), "It was 2.3 g/dL on 1 Jul 2022. With its history it raises the risk within 2 years."),
        (
            reason("m_protein", change=0.6, exceeds=True),
            "It was 2.3 g/dL on 1 Jul 2022, 0.6 g/dL above the result before: more than the 25 % by which noise alone raises it in stable "
            "disease. With its history it raises the risk within 2 years.",
        ),
        (
            reason("m_protein", -0.5, change=-0.1, exceeds=False),
            "It was 2.3 g/dL on 1 Jul 2022, 0.1 g/dL below the result before: within the 20 % by which noise alone lowers it in stable "
            "disease. With its history it lowers the risk within 2 years.",
        ),
        (
            reason("bmpc", value=20.0, unit="%", change=-5.0),
            "It was 20 % on 1 Jul 2022, 5 percentage points below the result before; how much of that is noise is not known. With its "
            "history it raises the risk within 2 years.",
        ),
        (
            reason("bmpc", value=21.0, unit="%", change=1.0),
            "It was 21 % on 1 Jul 2022, 1 percentage point above the result before; how much of that is noise is not known. With its "
            "history it raises the risk within 2 years.",
        ),
        (
            reason("m_protein", change=0.0, exceeds=False),
            "It was 2.3 g/dL on 1 Jul 2022, the same as the result before. With its history it raises the risk within 2 years.",
        ),
        (
            reason("m_protein", reported="<", value=0.1),
            "It was below 0.1 g/dL on 1 Jul 2022. With its history it raises the risk within 2 years.",
        ),
        (
            reason("flc_ratio", value=31 / 5.5, unit="{ratio}"),
            "It was 5.64 on 1 Jul 2022. With its history it raises the risk within 2 years.",
        ),
        (reason("bmpc", value=None, day=None), "No result of It is known: for this model that raises the risk within 2 years."),
        (reason("serum_immunofixation", value=1.0), "It was positive on 1 Jul 2022. With its history it raises the risk within 2 years."),
        (reason("age", value=67.9, day=None), "Age 67 years: raises the risk within 2 years."),
        (reason("female", value=0.0, day=None), "Male sex: raises the risk within 2 years."),
        (reason("female", value=None, day=None), "Not known: female sex: for this model that raises the risk within 2 years."),
        (reason("response", value=4.0, day=None), "Response as confirmed: VGPR: raises the risk within 2 years."),
    ],
)
def test_a_reason_in_words(one, text):
    (sentence,) = sentences_of([one], 24)
    assert sentence.text == text
    assert sentence.direction == ("raises" if one.contribution > 0 else "lowers")
    assert (sentence.claim.value, sentence.claim.change, sentence.claim.contribution) == (one.value, one.change, one.contribution)


@pytest.mark.parametrize(("lesions", "words"), [(0.0, "No high-risk lesion"), (1.0, "One high-risk lesion"), (2.0, "2 high-risk lesions")])
def test_high_risk_lesions_are_counted_in_words(lesions, words):
    (said,) = sentences_of((reason("fish_lesions", value=lesions, unit=None, day=None),), 24)
    assert said.text == f"{words} by FISH: raises the risk within 2 years."


def test_only_the_main_reasons_are_told():
    small, large = reason("bmpc", LEAST_CONTRIBUTION - 0.001), reason("bmpc", LEAST_CONTRIBUTION)
    assert sentences_of([small], 24) == ()
    assert len(sentences_of([large] * 9 + [small], 24)) == MOST_SENTENCES


def test_a_change_to_a_limit_or_from_one_is_not_told(client, history):
    def told():
        risk = client.post("/v1/risk", json=history).json()["risks"][0]
        (one,) = (each for each in risk["contributions"] if each["biomarker"] == "m_protein")
        return one["value"], one["reported"], one["change"], one["exceeds_noise"]

    before, after = history["measurements"][0], history["measurements"][2]
    assert told() == (2.3, "", pytest.approx(0.5), True)
    after["value"] = "<2.3"
    assert told() == (2.3, "<", None, None)
    after["value"], before["value"] = "2.3", "<18"
    assert told() == (2.3, "", None, None)


def generated(n, seed=3):
    """Return people with a few results each, some of them limits, as plain rows by person."""
    rng, people, results = random.Random(seed), [], []
    for k in range(n):
        name = f"p{k:05}"
        chain = rng.choice(["kappa", "lambda", ""])
        people.append({"patient_id": name, "index_date": DAY, "age_at_index": rng.randrange(40, 90), "light_chain": chain, "stage": "smm"})
        for visit in range(rng.randrange(1, 5)):
            day = DAY + timedelta(days=180 * visit + rng.randrange(90))
            for biomarker in rng.sample(list(MADE), rng.randrange(1, 7)):
                unit, low, high = MADE[biomarker]
                value = round(rng.uniform(low, high), 0 if biomarker == "bmpc" else 1)
                results.append(
                    {
                        "patient_id": name,
                        "collected_at": day,
                        "biomarker": biomarker,
                        "value": f"<{value}" if biomarker in ("m_protein", "bmpc") and rng.random() < 0.1 else value,
                        "unit": unit,
                        "method": rng.choice(["biopsy", "smear", ""]) if biomarker == "bmpc" else "",
                    }
                )
    return people, results


def series_of(person, rows, biomarker):
    """Return (day, value, reported, method) of a biomarker of one person, oldest first, by a plain reading of the rows."""
    if biomarker != "flc_ratio":
        own = [row for row in rows if row["biomarker"] == biomarker]
        read = [(row["collected_at"], str(row["value"]), row["method"]) for row in own]
        return sorted((day, float(text.lstrip("<")), "<" if "<" in text else "", method) for day, text, method in read)
    chains = {}
    for row in rows:
        if row["biomarker"].startswith("flc_"):
            chains.setdefault(row["collected_at"], {})[row["biomarker"]] = row["value"]
    found = []
    for day, both in sorted(chains.items()):
        if len(both) == 2:
            ratio = both["flc_kappa"] / both["flc_lambda"]
            turned = person["light_chain"] == "lambda" or (not person["light_chain"] and ratio < 1)
            found.append((day, 1 / ratio if turned else ratio, "", ""))
    return found


def telling_of_the_burden(person, rows):
    """Return the results that tell of the burden: marker and years since the first of them; and their values; None without M-protein."""
    every = []
    for marker in MARKERS:
        series = series_of(person, rows, marker)
        method = series[-1][3] if series else ""
        every += [(marker, day, value) for day, value, _, how in series if value > 0 and (not method or how in ("", method))]
    if not any(marker == "m_protein" for marker, *_ in every):
        return None
    first = min(day for _, day, _ in every)
    places = [(marker, (day - first).days / 365.25) for marker, day, _ in every]
    return places, [value for *_, value in every], (DAY + timedelta(days=900) - first).days / 365.25


def false_of_burden(sentence, person, rows, burden):
    """Return what is false in a sentence about the burden, or nothing, by the slow twin."""
    telling = telling_of_the_burden(person, rows)
    if telling is None:
        return "what an unknown burden adds is M-protein's"
    mean, cov = told(burden, *telling)
    if math.sqrt(cov[1, 1]) > 0.9 * burden.growth_sd:
        return "" if HARDLY.fullmatch(sentence.text) else "how sure the burden is"
    read, percent = BURDEN_SAID.fullmatch(sentence.text), 100 * math.expm1(mean[1])
    if read is None:
        return "form of the burden"
    if abs(int(read["since"]) - 100 * math.expm1(mean[0])) > 0.5001:
        return "change of the burden"
    if read["course"] == "is steady" or read["course"].startswith("more than"):
        return "" if (abs(percent) <= 0.5001 if read["course"] == "is steady" else percent >= 99.4) else "burden"
    side, _, by, *_ = read["course"].split()
    return "" if (side == "rises") == (percent > 0) and abs(int(by) - abs(percent)) <= 0.5001 else "burden"


def false_in(sentence, person, rows, burden):
    """Return what is false in a sentence, or nothing."""
    text, about = sentence.text, sentence.biomarker
    direction = "raises" if sentence.claim.contribution > 0 else "lowers"
    if f" {direction} the risk within " not in text or sentence.direction != direction:
        return "direction"
    if about == GROWTH:
        return false_of_burden(sentence, person, rows, burden)
    if about in ("age", "female", "months_since_index"):
        return "" if about != "female" or "Not known" in text else "sex"
    series = series_of(person, rows, about)
    if not series:
        return "" if text.startswith("No result of ") and sentence.claim.value is None else "missing"
    read = MEASURED.fullmatch(text)
    if read is None:
        return "form"
    day, value, reported, method = series[-1]
    wrong = [
        read["label"] != ENTRIES[about]["name"],
        read["reported"] != {"<": "below ", "": ""}[reported],
        not math.isclose(float(read["value"]), value, rel_tol=6e-3 if about == "flc_ratio" else 6e-4),
        read["unit"].strip() != ("" if about == "flc_ratio" else ENTRIES[about]["unit"]),
        datetime.strptime(read["day"], "%d %b %Y").date() != day,
        HORIZONS[read["horizon"]] != sentence.claim.horizon_months,
    ]
    if any(wrong):
        return f"result {wrong}"
    if false_by_now(read["told"], about, person, rows, burden):
        return "marrow by now"
    like = [one for one in series[:-1] if not method or not one[3] or one[3] == method]
    return false_change(read["changed"], about, series[-1], like[-1] if like else None)


def false_by_now(said, about, person, rows, burden):
    """Return whether what marrow is said to be by now is not what the slow twin says, or is missing, or is said of another biomarker."""
    telling = telling_of_the_burden(person, rows)
    if about != "bmpc" or telling is None:
        return said is not None
    if said is None:
        return True
    percent, more = by_now(burden, *telling, "bmpc"), said.endswith(" or more")
    return more != (percent >= 60) or abs(int(said.split()[0]) - min(percent, 60)) > 0.5001


def false_change(text, about, latest, before):
    """Return what is false in what a sentence says of a change, or nothing."""
    if not text:
        return ""
    if before is None or latest[2] or before[2]:
        return "a change that is not known"
    difference = latest[1] - before[1]
    if text == ", the same as the result before":
        return "" if difference == 0 else "same"
    read = CHANGED.fullmatch(text)
    if read is None:
        return "form of the change"
    cv, own = ENTRIES[about].get("cv"), "" if about == "flc_ratio" else ENTRIES[about]["unit"]
    if read["unit"].strip() != {"%": "percentage point" + "s" * (read["by"] != "1")}.get(own, own):
        return "unit of the change"
    if not math.isclose(float(read["by"]), abs(difference), rel_tol=6e-3) or (read["side"] == "above") != (difference > 0):
        return "size"
    if cv is None:
        return "" if read["unknown"] else "noise without a source"
    factor = math.exp(1.96 * math.sqrt(2 * math.log(1 + cv**2)))
    percent = 100 * (factor - 1 if difference > 0 else 1 - 1 / factor)
    beyond = latest[1] > factor * before[1] or latest[1] * factor < before[1]
    right = (read["how"] == "more than") == beyond and abs(int(read["percent"]) - percent) <= 0.5
    return "" if right and read["verb"] == ("raises" if difference > 0 else "lowers") else "noise"


@pytest.mark.slow
def test_of_ten_thousand_answers_no_sentence_is_false(trained):
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact")
    people, results = generated(10_000)
    cohort, _ = cohort_of_frames(pd.DataFrame(people), pd.DataFrame(results), strict=True)
    order = {name: k for k, name in enumerate(cohort.patients["patient_id"])}
    people.sort(key=lambda person: order[person["patient_id"]])
    histories = Histories.of(cohort, operators=True)
    rows = np.arange(len(people), dtype=np.int32)
    last = np.full(len(people), (DAY + timedelta(days=900)).toordinal() - date(1970, 1, 1).toordinal(), np.int32)
    scored = score_rows(artifact, seen_by(artifact, histories, rows, last))
    shares, of = by_biomarker(artifact, scored.explained.contributions), {}
    for row in results:
        of.setdefault(row["patient_id"], []).append(row)
    wrong, kinds = Counter(), Counter()
    for k, person in enumerate(people):
        measured, h = measured_of(scored, k), k % len(artifact.horizons)
        for sentence in sentences_of(contributions_of(shares, measured, h, k), artifact.horizons[h], burden_told(artifact, measured)):
            wrong[false_in(sentence, person, of[person["patient_id"]], artifact.spec.burden)] += 1
            kinds |= Counter(
                re.findall(
                    "Results hardly|As the results|within the|more than the|the same as|No result|below the|above the| was below",
                    sentence.text,
                )
            )
    assert wrong.keys() == {""}
    assert wrong[""] > 15_000
    assert len(kinds) >= 8
