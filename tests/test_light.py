"""What stands between a person and the answer of a light command: its program imports none of the libraries that take seconds."""

import subprocess
import sys

import pytest

import features
import serving
from training import metrics, tracking

HEAVY = {
    "duckdb",
    "matplotlib",
    "mlflow",
    "numba",
    "optuna",
    "pandas",
    "pandera",
    "pyarrow",
    "scipy",
    "shap",
    "sklearn",
    "xgboost",
}


def imported_by(code, *words, folder=None):
    """Return the top packages that a program has imported when it ends, and what it printed."""
    tell = "import atexit, sys; atexit.register(lambda: print('IMPORTED', *{name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", f"{tell}; {code}", *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said, _, names = done.stdout.rpartition("IMPORTED ")
    return set(names.split()), said


def test_the_packages_are_there_at_once(root):
    assert imported_by("import myeloma, features.tasks, serving, training.pipeline", folder=root)[0] & HEAVY == set()


@pytest.mark.parametrize("line", ["features build --help", "serving score --help", "training fit --help"])
def test_help_imports_nothing_heavy(line, root):
    package, *words = line.split()
    found, said = imported_by(f"from {package}.__main__ import main; main()", *words, folder=root)
    assert found & HEAVY == set()
    assert "Usage" in said


@pytest.mark.slow
@pytest.mark.parametrize(("line", "says"), [("compare --task smm", "champion, version"), ("history --task smm", "live")])
def test_compare_and_history_read_a_sqlite_store_without_mlflow(trained, root, line, says):
    found, said = imported_by("from training.__main__ import main; main()", *line.split(), folder=root)
    assert found & HEAVY == set()
    assert says in said


def test_every_name_that_a_package_shows_is_there():
    for package in (features, serving, metrics, tracking):
        assert [name for name in package.__all__ if not hasattr(package, name)] == []
        assert not hasattr(package, "anything_else")
