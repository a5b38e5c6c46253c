"""A SQLite store that was moved or copied with its files: its absolute paths are made those of the place where it lies now."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from features import Task
from myeloma import StateError
from serving.store.address import sqlite_path

# Where a store says that files are. In MLflow's registry `source` names a model of the store, not a place.
PLACES = (
    ("experiments", "artifact_location"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("runs", "artifact_uri"),
)
_DELETED_OF_VERSIONS = "lifecycle_stage = 'deleted' AND 'models:/' || model_id IN (SELECT source FROM model_versions)"
_FOLDER = "artifacts"  # beside the database


def relocate() -> list[str]:
    """Let the store name the files beside it instead of those where it lay before; return what was done, in words.

    History, runs, versions and aliases stay as they are. A copy of the database from before is kept beside it.

    Raises
    ------
    StateError
        The store is no SQLite file, or the files it should name do not lie beside it.
    """
    path = _database()
    here = (path.parent / _FOLDER).resolve()
    with closing(sqlite3.connect(path)) as store:
        moved = {old: name for old, name in _elsewhere(store, here) if (here / name).is_dir()}
        lost = [name for _, name in _elsewhere(store, here) if not (here / name).is_dir()]
        if lost:
            raise StateError(
                f"The files of {', '.join(lost)} do not lie in {here}, where this store would name them.",
                "copy the folder mlruns/artifacts from where it was to that place, then run the same command again.",
                "moved",
            )
        if not moved:
            return []
        kept = path.with_name(f"{path.name}.before_mend")
        with closing(sqlite3.connect(kept)) as copy:
            store.backup(copy)
        with store:
            rows = sum(_rename(store, old, (here / name).as_uri()) for old, name in moved.items())
    return [f"{name}: {old} is now {(here / name).as_uri()}" for old, name in moved.items()] + [
        f"{rows} places were renamed; the store as it was: {kept}"
    ]


def deleted_models() -> list[str]:
    """Return the models that registered versions name and that were deleted; none where the store is no SQLite file."""
    if sqlite_path() is None:
        return []
    with closing(sqlite3.connect(_database())) as store:
        return [model for (model,) in store.execute(f"SELECT model_id FROM logged_models WHERE {_DELETED_OF_VERSIONS}")]


def take_back_models() -> list[str]:
    """Mark deleted models that registered versions name as active, and return what was done, in words.

    MLflow has commands that restore experiments and runs, and none for models.
    """
    named = deleted_models()
    with closing(sqlite3.connect(_database())) as store, store:
        store.execute(f"UPDATE logged_models SET lifecycle_stage = 'active' WHERE {_DELETED_OF_VERSIONS}")
    return [f"the model {model} is no longer deleted" for model in named]


def is_moved(task: Task) -> bool:
    """Return whether the store names another place than its own for the files of a task, which lie beside it."""
    path = sqlite_path()
    if path is None or not path.is_file():
        return False
    here = (path.parent / _FOLDER).resolve()
    with closing(sqlite3.connect(path)) as store:
        return any(name == task.name and (here / name).is_dir() for _, name in _elsewhere(store, here))


def _database() -> Path:
    path = sqlite_path()
    if path is None:
        raise StateError("Only a SQLite store can be mended here.", "a server's own store is mended where the server runs.", "store")
    if not path.is_file():
        raise StateError(f"No tracking store at {path}.", "set MLFLOW_TRACKING_URI to the one you mean.", "no_store")
    return path


def _elsewhere(store: sqlite3.Connection, here: Path) -> list[tuple[str, str]]:
    """Return the location of each experiment that lies in another store's folder of artifacts, and its name there."""
    found = []
    for (location,) in store.execute("SELECT artifact_location FROM experiments"):
        place = Path(unquote(urlsplit(location).path)) if location.startswith("file:") else None
        if place is not None and place.parent.name == _FOLDER and place.parent != here:
            found.append((location, place.name))
    return found


def _rename(store: sqlite3.Connection, old: str, new: str) -> int:
    """Replace the beginning of every place below the old folder, as an address and as a path; return how many there were."""
    paths = unquote(urlsplit(old).path), unquote(urlsplit(new).path)
    rows = 0
    for table, column in PLACES:
        for before, after in ((old, new), paths):
            there = f"({column} = :before OR substr({column}, 1, length(:before) + 1) = :before || '/')"
            done = store.execute(
                f"UPDATE {table} SET {column} = :after || substr({column}, length(:before) + 1) WHERE {there}",
                {"before": before, "after": after},
            )
            rows += done.rowcount
    return rows
