"""What the gate said, and how to make the model again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from training.card.document import Blank, Block, Cell, Code, Part, Section, Table, Text, table
from training.card.facts import Facts
from training.gate.verdict import Check
from training.places import GATE as GATE_FILE

GATE, AGAIN = "Gate", "How to reproduce"


def gate(facts: Facts) -> Section:
    """Return the verdict, and every demand with its figure and its threshold."""
    found = facts.json(GATE_FILE)
    if not found:
        return Section(GATE, [Text(Blank(f"not judged yet; python -m training register --task {facts.task.name}"))])
    rows = list(_demands(found.get("checks", [])))
    blocks: list[Block] = [
        Text(f"Verdict: {str(found.get('verdict', 'unknown')).upper()}, judged at {found.get('judged_at', 'an unknown time')}."),
        Table("Every demand, in the order it is made", ("demand", "figure", "accepted", "met", "note"), [Part(rows)], numbers=False),
        Text(f"What is live now, and who decided: python -m training history --task {facts.task.name}"),
    ]
    return Section(GATE, blocks)


def reproduce(facts: Facts) -> Section:
    """Return the commands, hashes, commit, versions and seeds that make the model again."""
    tags, about = facts.tags, facts.about
    commit = tags.get("git_commit", "")
    versions = about.get("versions") or {}
    hidden = "files differed from this commit: it cannot be made again to the last digit"
    rows: list[list[Cell]] = [
        ["git commit", Blank(hidden, f"{commit}.") if commit.endswith("-dirty") else commit or Blank("not known")],
        ["cohort hash", tags.get("cohort_hash") or Blank("not known")],
        ["feature hash", tags.get("feature_hash") or Blank("not known")],
        ["hash of the rows judged", tags.get("judged_hash") or Blank("not known")],
        ["hash of their weights for censoring", tags.get("weighing_hash") or Blank("not known")],
        ["biomarker catalogue", str(about.get("catalogue_version") or "") or Blank("not known")],
        ["run", facts.run_id],
        ["model", tags.get("model_uri") or Blank("not known")],
        ["versions", _versions(versions)],
        ["seeds", _seeds(facts.params) or Blank("not known")],
        ["options", _options(facts) or Blank("not known")],
    ]
    where = f"data/{facts.task.name}"
    lines = [
        f"git checkout {commit.removesuffix('-dirty') or 'COMMIT'}",
        "make setup",
        ". .venv/bin/activate",
        *_data_commands(facts, where),
        f"python -m features build {where}/cohort {where}/table.parquet --task {facts.task.name}",
        f"python -m training fit {where}/table.parquet --task {facts.task.name}",
        f"python -m training evaluate --task {facts.task.name}",
        f"python -m training register --task {facts.task.name}",
        f"python -m training report --task {facts.task.name} --model {facts.name}",
    ]
    return Section(AGAIN, [table("What it was made from", ("what", "value"), rows, numbers=False), Code(lines)])


def _data_commands(facts: Facts, where: str) -> Iterator[str]:
    if facts.simulated:
        people = facts.about.get("attrition", {}).get("patients", "N")
        yield f"python -m features simulate {where}/cohort --patients {people} --seed SEED   # simulate.seed of params.yaml at that commit"
    elif facts.source == "mgus2":
        yield f"python -m features ingest --source mgus2 data/mgus2/mgus2.csv {where}/cohort"
    else:
        yield f"python -m features ingest --source {facts.source or 'SOURCE'} FOLDER {where}/cohort   # must give the cohort hash above"


def _demands(checks: list[dict[str, Any]]) -> Iterator[list[Cell]]:
    for check in (Check(**content) for content in checks):
        note = Blank(check.note or "the run has no such figure") if check.value is None else check.because
        yield [check.name, check.shown, check.accepted, "yes" if check.holds else check.state, note]


def _versions(found: dict[str, str]) -> Cell:
    known = ", ".join(f"{name} {version}" for name, version in found.items())
    return f"{known}; all others: requirements.lock at that commit" if known else Blank("not known")


def _seeds(params: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(params.items()) if name.split(".")[-1] == "seed")


def _options(facts: Facts) -> str:
    made = {name: value for name, value in sorted(facts.params.items()) if name.split(".")[-1] != "seed" and name != "features"}
    return ", ".join(f"{name} {value}" for name, value in made.items())
