"""What to do: nothing, look, or retrain; each by a rule that can be read aloud."""

from __future__ import annotations

from dataclasses import dataclass

from training.monitor.findings import Finding

NOTHING, TOO_FEW, LOOK, RETRAIN = "nothing to do", "too few to say", "look", "retrain"
MOVES_ALONE = ("months_since_index",)
WORDS = {
    "unit": "A unit may have changed: ask the laboratory, correct the unit and ingest again. Judge everything else after that.",
    "missing": "A biomarker is recorded more or less often than in training: mend the feed; if it stays so, retrain without it.",
    "older": "The latest values are of another age than in training: see whether a feed stopped or visits became rarer.",
    "level": "The people differ from those of training: the risks may still be right; watch the outcomes.",
    "risk": "The risks are spread otherwise than in training: expected where the people differ; watch the outcomes.",
    "outcome": "The risks are wrong in the large: retrain, or recalibrate, on a cohort with these people.",
}


@dataclass(frozen=True)
class Advice:
    """What to do, and the rule that says so."""

    verdict: str
    why: str


def verdict_of(findings: list[Finding]) -> Advice:
    """Return the verdict; the first rule that fits counts.

    1. A unit looks changed: look. Values in a wrong unit must not be trained on, and make risks look wrong.
    2. Outcomes say that the risks are wrong beyond the accepted bounds: retrain.
    3. Anything else changed: look. Other people are no reason to retrain as long as the risks are right.
    4. No check had enough people, or none could show that what it looks at is steady: too few to say.
    5. Otherwise: nothing to do. The time since diagnosis asks for nothing: a clinic's people grow older in their disease, and all else
       is compared at like time.
    """
    changed = {f.kind for f in findings if f.status == "changed" and f.name not in MOVES_ALONE}
    if "unit" in changed:
        more = " The outcomes ask for retraining, but only with the unit mended." if "outcome" in changed else ""
        return Advice(LOOK, WORDS["unit"] + more)
    if "outcome" in changed:
        return Advice(RETRAIN, WORDS["outcome"])
    if changed:
        return Advice(LOOK, " ".join(WORDS[kind] for kind in WORDS if kind in changed))
    if all(finding.status in ("too few", "not shown") for finding in findings if finding.name not in MOVES_ALONE):
        return Advice(TOO_FEW, "No check had enough people to show anything: take a longer period (--since), and see the notes.")
    right = [finding.status == "steady" for finding in findings if finding.kind == "outcome"]
    more = "" if all(right) else f" That the risks are right is {'not shown at every horizon' if any(right) else 'not shown'}."
    return Advice(NOTHING, f"Nothing that could be checked has changed by more than chance.{more}")
