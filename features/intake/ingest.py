"""A source becomes a cohort folder, in blocks of patients: whole or not at all, resumed where it was stopped, the same bytes each time.

Finished blocks of measurements lie in a hidden folder beside the cohort, named by a hash of the input. A run on the same
input takes them as they are; a run on another input removes them and starts anew; when the cohort stands, or the disk is full,
they are removed. Of two runs at once on one cohort the second is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from glob import escape
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.feather as feather

from features.cohort.files import clear_work, removed_when_full, rules_hash, same_files, whole_file, whole_folder
from features.cohort.locks import only_writer
from features.cohort.private import OWN_FOLDER
from features.cohort.schema import row_hashes, validated
from features.cohort.storage import ARROW, check_place, in_schema, write_tables
from features.console import Steps
from features.intake.attrition import Tally
from features.intake.implausible import (
    Seen,
    describe_seen,
    late_events,
    overlapping,
    refused_after_kept,
    seen_in,
    unfollowed,
    unknown_regimens,
)
from features.intake.plausibility import suspicions_of
from features.intake.quality import Checked, check, check_block, describe_source, refuse_unusable
from features.intake.quarantine import quarantine_frame
from features.intake.selection import ByBiomarker, describe_selection
from features.intake.site_units import Outside, describe_units
from features.sources.cells import Cells, cells_of, distinct_of
from features.sources.received import Received
from myeloma import StateError

PATIENTS_A_BLOCK = 20_000
_ROOMS = ("myeloma", "features/sources", "features/intake", "features/cohort")  # whose code decides what a cohort holds
_WHOLE = "cohort"  # in the work folder: the cohort before it is in its place
_LZ4 = pyarrow.ipc.IpcWriteOptions(compression="lz4")


@dataclass(frozen=True)
class Ingested:
    """What an ingestion did: what cohort.json says, suspicions about rows kept and about units of sites, and whether any file changed.

    `warnings` says of which sites and biomarkers much was refused, and what cannot be right of them as a whole; `much_refused`, whether
    it is so much that a person has to accept it. `called` says how summaries call each site; its keys are names as received, for the
    owner of the files alone.
    """

    about: dict[str, Any]
    suspicions: pd.DataFrame
    units: list[str]
    changed: bool
    called: dict[str, str]
    warnings: list[str] = field(default_factory=list)
    much_refused: bool = False


def ingest(source: Received, folder: Path, steps: Steps, today: pd.Timestamp | None = None) -> Ingested:
    """Check a source and write it as a cohort folder.

    Parameters
    ----------
    steps : Steps
        Shows progress.
    today : Timestamp, optional
        Days after it are refused, and the cohort keeps it for `mend`; the day of the call where left out.

    Raises
    ------
    DataError
        Nothing is usable, or the folder holds something else.
    StateError
        The folder holds rows that were mended by hand, which would be lost, or another process is writing it.
    """
    with only_writer(folder):
        return ingest_alone(source, folder, steps, today)


def ingest_alone(source: Received, folder: Path, steps: Steps, today: pd.Timestamp | None = None) -> Ingested:
    """Do what `ingest` does, for a caller that is the folder's only writer already."""
    check_place(folder)
    _check_nothing_mended(folder, source)
    as_of = "" if today is None else f"{today:%Y-%m-%d}"
    today = pd.Timestamp.today().normalize() if today is None else today
    measurements = _compact(source.tables["measurements"])
    tables = {**source.tables, "measurements": measurements}
    work = folder.parent / f".{folder.name}-work-{_input_hash(source, tables, today, as_of)}"
    works = set(folder.parent.glob(f".{escape(folder.name)}-work-*"))
    clear_work(folder, works - {work}, _WHOLE)
    work.mkdir(OWN_FOLDER, exist_ok=True)
    try:
        with removed_when_full(work):
            checked = check(source, today)
            blocks = _blocks(measurements["patient_id"])
            for number, rows in enumerate(steps.over(blocks, "checking measurements", len(blocks))):
                if not (work / f"{number}.json").is_file():
                    _write_block(work, number, measurements.take(rows), source.files["measurements"], checked)
            ingested = _assemble(source, checked, folder, work, len(blocks), steps, as_of)
    finally:
        if work.exists() and not any(work.iterdir()):
            work.rmdir()
    clear_work(folder, [work], _WHOLE)
    return ingested


def _check_nothing_mended(folder: Path, source: Received) -> None:
    about = folder / "cohort.json"
    mended = json.loads(about.read_text(encoding="utf-8")).get("mended", 0) if about.is_file() else 0
    if mended > source.mended:
        raise StateError(
            f"{folder} holds rows that were mended ({mended}); ingesting over it would lose them.",
            "ingest into a new folder, or remove this one first.",
            "mended_cohort",
        )


def _compact(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose text columns hold each distinct cell once."""
    texts = [column for column in frame.columns if frame[column].dtype == object]
    return frame.assign(**{column: Cells(*distinct_of(frame[column])).categorical() for column in texts})


def _input_hash(source: Received, tables: dict[str, pd.DataFrame], today: pd.Timestamp, as_of: str) -> str:
    """Return a hash of everything that decides the result: rows, names of files, the day, the catalogue, and the code itself."""
    said = [source.source, source.files, source.notes, source.mended, str(today), as_of, PATIENTS_A_BLOCK, rules_hash(*_ROOMS)]
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for name, frame in tables.items():
        digest.update(name.encode() + row_hashes(frame))
    return digest.hexdigest()[:12]


def _blocks(patient_id: pd.Series) -> list[np.ndarray]:
    """Return the places of the rows of each block of patients, patients in the order of their identifiers."""
    cells = cells_of(patient_id)
    place = np.empty(len(cells.texts), dtype=np.int64)
    place[np.argsort(cells.texts, kind="stable")] = np.arange(len(cells.texts))
    block = cells.of(place // PATIENTS_A_BLOCK)
    order = np.argsort(block, kind="stable")
    ends = np.cumsum(np.bincount(block, minlength=1))
    return np.split(order, ends[:-1])


def _write_block(work: Path, number: int, measurements: pd.DataFrame, file: str, checked: Checked) -> None:
    block = check_block(measurements, file, checked)
    found = suspicions_of(block.kept, checked.light_chain, checked.first_start)
    seen = seen_in(block.kept, checked.sites, checked.last_contact)
    seen.update(refused_after_kept(block.inspection, block.kept))
    with whole_file(work / f"{number}-kept.arrow") as path:
        feather.write_feather(validated("measurements", block.kept), path, compression="lz4")
    for name, pieces in (("quarantine", block.inspection.refused_pieces()), ("received", block.inspection.as_received())):
        with whole_file(work / f"{number}-{name}.arrow") as path, pyarrow.ipc.new_file(path, ARROW[name], options=_LZ4) as writer:
            for piece in pieces:
                writer.write_table(in_schema(piece, name))
    said = {
        "tally": [[site, reason, rows] for (site, reason), rows in block.tally.items()],
        "outside": [[*unit, rows] for unit, rows in block.outside.items()],
        "biomarkers": [[*key, rows] for key, rows in block.biomarkers.items()],
        "seen": [[*key, rows] for key, rows in seen.items()],
        "notes": block.notes,
        "suspicions": found.to_dict("split", index=False),
    }
    with whole_file(work / f"{number}.json") as path:  # written last: the block is finished
        path.write_text(json.dumps(said), encoding="utf-8")


def _assemble(source: Received, checked: Checked, folder: Path, work: Path, blocks: int, steps: Steps, as_of: str) -> Ingested:
    """Put the blocks together to a cohort folder, holding one block at a time."""
    manifests = [json.loads((work / f"{number}.json").read_text(encoding="utf-8")) for number in range(blocks)]
    tally: Tally = Counter()
    outside: Outside = Counter()
    biomarkers: ByBiomarker = Counter()
    seen: Seen = Counter()
    for manifest in manifests:
        outside.update({tuple(unit): rows for *unit, rows in manifest["outside"]})
        biomarkers.update({tuple(key): rows for *key, rows in manifest["biomarkers"]})
        seen.update({tuple(key): rows for *key, rows in manifest["seen"]})
        tally.update({(site, reason): rows for site, reason, rows in manifest["tally"]})
    about = describe_source(source, checked, tally, [note for manifest in manifests for note in manifest["notes"]])
    about |= {name: said for name, said in (("as_of", as_of), ("mended", source.mended)) if said}
    refused = [checked.patients.refused(), checked.events.refused()]
    if not (about["counts"]["patients"]["kept"] and about["counts"]["measurements"]["kept"]):
        parts = [part.to_pandas() for part in _pieces(work, blocks, "quarantine")]
        refuse_unusable(about["counts"], quarantine_frame([*refused, *parts]), source.files)
    kept = {name: [validated(name, frame)] for name, frame in checked.tables().items()}
    tables = {"patients": kept["patients"], "measurements": steps.over(_kept(work, blocks), "writing measurements", blocks)}
    tables["events"] = kept["events"]
    with whole_folder(folder, work / _WHOLE) as place:
        received = chain(checked.patients.as_received(), _pieces(work, blocks, "received"))
        about = write_tables(place, tables, chain(refused, _pieces(work, blocks, "quarantine")), about, received)
        changed = not same_files(folder, place)
    called = checked.called()
    selected, much = describe_selection(about, biomarkers)
    people, events = (kept[name][0] for name in ("patients", "events"))
    of_events = [*overlapping(people, events), *late_events(events), *unknown_regimens(events), *unfollowed(people, events)]
    warnings = [*selected, *describe_seen(seen, called), *of_events]
    return Ingested(about, _suspicions(manifests), describe_units(outside, called), changed, called, warnings, much)


def _kept(work: Path, blocks: int) -> Iterator[pd.DataFrame]:
    for number in range(blocks):
        yield feather.read_feather(work / f"{number}-kept.arrow")


def _pieces(work: Path, blocks: int, name: str) -> Iterator[pyarrow.Table]:
    """Yield what the blocks left beside the rows kept, piece by piece: those refused, or those as received."""
    for number in range(blocks):
        with pyarrow.ipc.open_file(work / f"{number}-{name}.arrow") as file:
            for piece in range(file.num_record_batches):
                yield pyarrow.Table.from_batches([file.get_batch(piece)])


def _suspicions(manifests: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.concat([pd.DataFrame(**manifest["suspicions"]) for manifest in manifests], ignore_index=True)
