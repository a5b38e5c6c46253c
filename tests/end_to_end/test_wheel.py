"""The wheel, installed into a folder and used from an empty one: it brings its own parameters and needs no checkout."""

import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from features.console import EXTRAS
from myeloma.version import VERSION

pytestmark = pytest.mark.slow
PACKAGES = ("myeloma", "features", "serving", "training")


@pytest.fixture(scope="module")
def installed(root, tmp_path_factory):
    """Return the folder that the wheel is installed into; other libraries are those of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in PACKAGES:
        shutil.copytree(root / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "params.yaml"):
        shutil.copy(root / name, source)
    quiet = {"stdout": subprocess.DEVNULL, "check": True, "cwd": folder}
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source], **quiet)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", folder / "installed", wheel], **quiet)
    _take_compiled(root, folder / "installed")
    return folder / "installed"


def _take_compiled(root, installed):
    """Give the installed kernels what is compiled of the very same source: numba knows it by time and size, and is half a minute at it."""
    for compiled in (path for name in PACKAGES for path in (root / name).rglob("__pycache__/*.nb[ic]")):
        source = compiled.parents[1] / f"{compiled.name.split('.')[0]}.py"
        copy = installed / source.relative_to(root)
        if source.is_file() and source.read_bytes() == copy.read_bytes():
            (copy.parent / "__pycache__").mkdir(exist_ok=True)
            shutil.copy(compiled, copy.parent / "__pycache__")
            shutil.copystat(source, copy)


@pytest.fixture
def command(installed, tmp_path):
    """Return a function that runs one of the installed programs in an empty folder and gives what it printed."""
    env = {**os.environ, "PYTHONPATH": str(installed)}
    env.pop("MLFLOW_TRACKING_URI", None)

    def command(program, *words, code=0):
        done = subprocess.run([installed / "bin" / program, *map(str, words)], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return command


@pytest.mark.parametrize("program", ["myeloma-features", "myeloma-training", "myeloma-serving"])
def test_each_program_tells_its_version(command, program):
    assert command(program, "--version") == f"myeloma-precursor-risk {VERSION}\n"


def test_a_cohort_becomes_a_table_and_is_scored_from_an_empty_folder(command, trained, installed, tmp_path):
    command("myeloma-features", "simulate", "cohort", "--patients", "20")
    command("myeloma-features", "build", "cohort", "table.parquet", "--task", "smm")
    assert "COHORT" in command("myeloma-serving", "score", "--help")
    model = trained.folder / "fit" / "cox" / "artifact"
    said = command("myeloma-serving", "--log", "score.log", "score", "cohort", "--task", "smm", "--out", "risks.csv", "--model", model)
    assert "of 20 rows scored by smm cox" in said
    assert len(pd.read_csv(tmp_path / "risks.csv")) == 20
    assert "20 rows" in (tmp_path / "score.log").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"cohort", "table.parquet", "risks.csv", "score.log"}


def test_what_scores_needs_no_library_of_an_extra(installed, trained, tmp_path):
    missing = f"import sys; sys.modules.update(dict.fromkeys({sorted(EXTRAS)}))"
    model = trained.folder / "fit" / "boosting" / "artifact"
    line = ["score", str(trained.cohort), "--task", "smm", "--out", "risks.parquet", "--model", str(model)]
    code = f"{missing}; from serving.__main__ import main; main()"
    subprocess.run([sys.executable, "-c", code, *line], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(installed)}, check=True)
    assert len(pd.read_parquet(tmp_path / "risks.parquet")) == 300
