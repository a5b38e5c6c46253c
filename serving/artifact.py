"""A model as data: JSON, and XGBoost's own format for trees. No pickle, no code."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xgboost.core import XGBoostError

from features.cohort.provenance import Provenance
from features.history.arrays import Histories
from features.history.burden.parameters import MEASURE
from features.history.columns import GROWTH, FeatureSpec, group_of_each, parse_column
from features.history.layout import Days
from features.table.outcomes import Outcomes, outcomes
from features.tasks import Rules, Said, Words
from myeloma import StateError, UserError
from serving.models import KINDS, Model
from serving.models.base import ImpossibleModelError
from serving.models.calibration import Calibration
from serving.models.competing import CompetingRisk
from serving.models.event_free import EventFree
from serving.models.expected import ExpectedResult
from serving.models.unknown import UnknownBiomarkers
from serving.seal import FILE as SEAL_FILE
from serving.seal import checked_seal, write_seal

# 3: a logistic model has a course, which a version that knows only 2 would leave out in silence; 4: it is sealed; 5: it tells, in a way
# that 4 would leave out, of people of whom biomarkers are unknown; 6: each half has a recalibration of its own, without which intervals
# are too narrow, and a bound on the time free of the event may be kept; 7: a logistic model goes more steeply with its columns at one
# horizon than at another; 8: each half tells by itself of people of whom biomarkers are unknown, and a logistic model has a background.
FORMAT = 8
_SEALED_SINCE = 4
_READ = (2, 3, 4, 5, 6, 7, FORMAT)
_FILE = "model.json"
_LOG = logging.getLogger("serving")
_HALF = "half_{:02d}"
RECALIBRATED = "recalibrated"  # what a model says of the site it was recalibrated to, in `about`


@dataclass(frozen=True, eq=False)
class Artifact:
    """Everything needed to score: the model, its features, its calibration, and what it was made from.

    `about` holds task, title, training counts, reference ranges, library versions. `origin` says where it was
    loaded from: name, version and run of the registry. `resampled` are the same kind of model fitted to halves of
    the patients, and `resampled_calibrations` the recalibrations of these: how far their risks lie apart gives the interval of a risk.
    Without any of its own a half has the model's. `seal` is the checksum of the folder it was loaded from.
    `figures` are those of its run, where the store tells them. `competing` is the chance that the competing event comes first and
    `event_free` how long a person stays free of the event at least, each None where it was not fitted; `expected` what tests would
    probably show. `folder` is where it was loaded from. `unknown` takes the place of the recalibration for people of whom nothing is known
    of some biomarkers; None where it is theirs too.
    """

    kind: str
    model: Model
    spec: FeatureSpec
    horizons: tuple[int, ...]
    calibration: Calibration
    about: dict[str, Any]
    origin: dict[str, str] = field(default_factory=dict)
    resampled: tuple[Model, ...] = ()
    resampled_calibrations: tuple[Calibration, ...] = ()
    seal: str = ""
    figures: dict[str, float] = field(default_factory=dict)
    competing: CompetingRisk | None = None
    expected: tuple[ExpectedResult, ...] = ()
    folder: Path | None = None
    unknown: UnknownBiomarkers | None = None
    event_free: EventFree | None = None

    @cached_property
    def columns(self) -> list[str]:
        """Return the names of the features, in the model's order."""
        return self.spec.columns()

    @cached_property
    def groups(self) -> dict[str, list[int]]:
        """Return the positions of the columns of each biomarker (level, trend, age and missingness together)."""
        groups: dict[str, list[int]] = {}
        for position, name in enumerate(self.columns):
            groups.setdefault(parse_column(name).biomarker, []).append(position)
        return groups

    @cached_property
    def group_of_column(self) -> NDArray[np.int64]:
        """Return which of the groups each column is of."""
        return group_of_each(self.columns)

    @cached_property
    def burden_columns(self) -> tuple[list[int], int] | None:
        """Return the positions of the columns of the burden, and of the first of M-protein; None where there are not both."""
        if GROWTH not in self.groups or MEASURE not in self.groups:
            return None
        return self.groups[GROWTH], self.groups[MEASURE][0]

    @cached_property
    def feature_hash(self) -> str:
        """Return the hash of what its features mean."""
        return self.spec.feature_hash()

    @cached_property
    def resampled_margins(self) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        """Return the function: features -> margins of the resampled models, (models, rows, horizons)."""
        return type(self.model).together(self.resampled)

    @cached_property
    def recalibrated_anew(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what the halves' recalibrations make of log-odds that the model's has given: shift (halves, 1, horizons) + slope x them.

        The slope is (halves, 1, 1).
        """
        halves = self.resampled_calibrations or (self.calibration,) * len(self.resampled)
        slope = np.array([half.slope / self.calibration.slope for half in halves])[:, None]
        shift = np.array([half.intercepts for half in halves]) - slope * np.array(self.calibration.intercepts)
        return shift[:, None], slope[:, None]

    @cached_property
    def explaining(self) -> Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return the function: features -> margins of the model and the resampled ones (models, rows, horizons); contributions."""
        if not self.resampled:
            return lambda x: (self.model.margins(x)[None], self.model.contributions(x))
        return type(self.model).explaining((self.model, *self.resampled))

    @cached_property
    def rules(self) -> Rules:
        """Return what it was trained under: who is at risk, and what counts."""
        return Rules.of(self.about)

    @cached_property
    def words(self) -> Said:
        """Return what people call the event that its risk is of, and what competes with it."""
        return Words.of(self.about)

    @cached_property
    def provenance(self) -> Provenance:
        """Return of whom it was made."""
        return Provenance.of(self.about)


def save_artifact(artifact: Artifact, folder: Path) -> str:
    """Write an artifact into a folder, which is made, and return the checksum under which it is sealed."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "format": FORMAT,
        "kind": artifact.kind,
        "spec": asdict(artifact.spec),
        "feature_hash": artifact.spec.feature_hash(),
        "horizons": artifact.horizons,
        "calibration": asdict(artifact.calibration),
        "about": artifact.about,
        "model": artifact.model.save(folder),
        "competing": artifact.competing and artifact.competing.save(),
        "event_free": artifact.event_free and artifact.event_free.save(),
        "expected": [one.save() for one in artifact.expected],
        "unknown": artifact.unknown and artifact.unknown.save(),
        "resampled": [_save_into(folder / _HALF.format(k), model) for k, model in enumerate(artifact.resampled)],
        "resampled_calibrations": [asdict(calibration) for calibration in artifact.resampled_calibrations],
    }
    (folder / _FILE).write_text(json.dumps(content), encoding="utf-8")
    return write_seal(folder)


def _save_into(folder: Path, model: Model) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    content = model.save(folder)
    if not any(folder.iterdir()):
        folder.rmdir()
    return content


def load_artifact(folder: Path, origin: dict[str, str] | None = None, threads: int = 1, recorded: Collection[str] = ()) -> Artifact:
    """Return the artifact of a folder, if it is what was saved there.

    Every file is compared with the folder's seal, and the seal with what the store recorded. What is loaded must also be possible:
    shapes, order of the horizons, finite numbers. A model of a format before there were seals is read without one, and the log says so.

    Parameters
    ----------
    threads : int
        For tree ensembles. One row gains nothing from more, and a busy machine makes them cost a hundred times.
    recorded : collection of str
        Seals that the registry or the ledger knows this model by; empty ones count as none.

    Raises
    ------
    StateError
        There is no artifact, it is damaged or was changed, or its features mean something else in this version.
    """
    path = folder / _FILE
    if not path.is_file():
        raise StateError(f"No model in {folder} (it has no {_FILE}).", "train one with: make train")
    seal = checked_seal(folder)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        _check_format(content)
        _check_seal(folder, seal, content["format"], {one for one in recorded if one})
        spec = FeatureSpec.from_dict(content["spec"])
        _check_features(content, spec)
        return _loaded(folder, content, spec, origin or {}, threads, seal)
    except StateError:
        raise
    except ImpossibleModelError as error:
        raise StateError(f"The model in {folder} is none that this program saves: {error}.", "train it again.", "model") from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, UserError, XGBoostError) as error:
        raise StateError(f"The model in {folder} cannot be read ({type(error).__name__}).", "train it again.") from None


def _check_format(content: dict[str, Any]) -> None:
    if content["format"] not in _READ:
        read = ", ".join(map(str, _READ))
        raise StateError(
            f"The model was saved by another version of this program: its format is {content['format']}, this version reads {read}.",
            "score with the version that trained the model, or train again.",
            "model_format",
        )


def _check_seal(folder: Path, seal: str, made_in: int, recorded: set[str]) -> None:
    """Refuse a model without a seal where it must have one, and one whose seal is not the one recorded."""
    again = "restore the folder from where it was saved, or train again."
    if recorded and recorded != {seal}:
        found = f"its seal is {seal[:12]}" if seal else "it has no seal"
        known = " and ".join(sorted(one[:12] for one in recorded))
        what = f"The model in {folder} is not the one that was registered: {found}, registry and ledger have {known}."
        raise StateError(what, again, "seal")
    if not seal and made_in >= _SEALED_SINCE:
        raise StateError(f"The model in {folder} has no seal ({SEAL_FILE}), which format {made_in} always has.", again, "seal")
    if not seal:
        _LOG.warning("The model in %s is of format %s, before models were sealed: nothing tells whether it was changed.", folder, made_in)


def _check_features(content: dict[str, Any], spec: FeatureSpec) -> None:
    if content["feature_hash"] != spec.feature_hash():
        raise StateError(
            f"The model's features are not this version's: it has feature_hash {content['feature_hash']}, "
            f"this version computes {spec.feature_hash()}.",
            "score with the version that trained the model, or train again.",
            "feature_hash",
        )


def _loaded(folder: Path, content: dict[str, Any], spec: FeatureSpec, origin: dict[str, str], threads: int, seal: str) -> Artifact:
    horizons, columns = _horizons(content["horizons"]), spec.columns()
    if content["kind"] not in KINDS:
        raise ImpossibleModelError(f"its kind is {content['kind']!r}, accepted: {', '.join(sorted(KINDS))}")

    def load(place: Path, model: dict[str, Any]) -> Model:
        loaded = KINDS[content["kind"]].load(place, {**model, "threads": threads}, columns, horizons)
        loaded.check(len(columns), len(horizons))
        return loaded

    halves = content["resampled"]
    of_halves = tuple(Calibration.load(one, len(horizons)) for one in content.get("resampled_calibrations", ()))
    if len(of_halves) not in (0, len(halves)) or len(of_halves) % 2:
        raise ImpossibleModelError(
            f"{len(of_halves)} of its {len(halves)} fits to halves are recalibrated, accepted: none, or all of pairs"
        )
    artifact = Artifact(
        kind=content["kind"],
        model=load(folder, content["model"]),
        spec=spec,
        horizons=horizons,
        calibration=Calibration.load(content["calibration"], len(horizons)),
        about=content["about"],
        origin=origin,
        resampled=tuple(load(folder / _HALF.format(k), model) for k, model in enumerate(halves)),
        resampled_calibrations=of_halves,
        seal=seal,
        competing=CompetingRisk.load(content["competing"], len(horizons)) if content.get("competing") else None,
        event_free=EventFree.load(content["event_free"], len(horizons)) if content.get("event_free") else None,
        expected=tuple(map(ExpectedResult.load, content.get("expected", ()))),
        folder=folder,
        unknown=UnknownBiomarkers.load(content["unknown"], columns, len(horizons), len(halves)) if content.get("unknown") else None,
    )
    _ = artifact.rules  # refused here, in words, rather than at the first person
    return artifact


def _horizons(received: Any) -> tuple[int, ...]:
    """Return the horizons, whole months that rise."""
    whole = isinstance(received, list) and received and all(type(months) is int and months > 0 for months in received)
    if not whole or any(np.diff(received) <= 0):
        raise ImpossibleModelError(f"its horizons are {received}, accepted: whole months that rise")
    return tuple(received)


def at_risk(artifact: Artifact, histories: Histories, patient: NDArray[np.int32], landmark: Days) -> Outcomes:
    """Return the outcomes of landmarks under the rules that the model was trained under (see `features.table.outcomes`)."""
    return outcomes(histories, patient, landmark, artifact.rules)


def feature_matrix(artifact: Artifact, features: Any) -> NDArray[np.float64]:
    """Return the columns the model wants, in its order, from a frame that has at least those.

    Raises
    ------
    UserError
        Columns are missing.
    """
    if missing := [name for name in artifact.columns if name not in features.columns]:
        raise UserError(
            f"{len(missing)} feature columns are missing, the first is {missing[0]}.",
            "build the table for this model's task.",
            "missing_column",
        )
    matrix: NDArray[np.float64] = features[artifact.columns].to_numpy(dtype=float)
    return matrix
