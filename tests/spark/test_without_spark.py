"""The engine spark where Spark cannot be had: a message that says what to install, exit code 1, no traceback, nothing written."""

import os
import subprocess
import sys

import pytest

from features import write_cohort
from features.cohort.schema import QUARANTINE_COLUMNS
from myeloma import ConfigError

MISSING = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "pyspark":
            raise ModuleNotFoundError("No module named 'pyspark'", name=name)
sys.meta_path.insert(0, Missing())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, smm_cohort):
    import pandas as pd

    folder = tmp_path_factory.mktemp("without") / "cohort"
    write_cohort(smm_cohort, folder, pd.DataFrame(columns=QUARANTINE_COLUMNS))
    return folder


def build(folder, out, root, before="", **environment):
    """Run `features build` with Spark in a process of its own."""
    line = ["features", "build", str(folder), str(out), "--task", "smm", "--params", str(root / "params.yaml"), "--engine", "spark"]
    code = f"{before}\nimport sys\nsys.argv = {line!r}\nfrom features.__main__ import main\nmain()"
    plain = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"}
    return subprocess.run([sys.executable, "-c", code], cwd=root, env=plain | environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("environment", "says"),
    [({"PATH": "/nowhere"}, "Spark needs Java: there is no java on the PATH"), ({"JAVA_HOME": "/nowhere"}, "JAVA_HOME is /nowhere")],
)
def test_without_java_it_says_how_to_install_it(folder, tmp_path, root, environment, says):
    pytest.importorskip("pyspark", reason='pyspark is not installed: pip install "myeloma-precursor-risk[spark]"')
    done = build(folder, tmp_path / "table.parquet", root, **environment)
    assert done.returncode == 1
    assert says in done.stderr
    assert "apt-get install openjdk-17-jre-headless" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_pyspark_it_names_the_extra(folder, tmp_path, root):
    done = build(folder, tmp_path / "table.parquet", root, MISSING)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Error: This needs pyspark, which is not installed here.",
        'Hint: pip install "myeloma-precursor-risk[spark]"',
    ]


def test_what_stands_where_the_folder_would_is_never_replaced(tmp_path):
    pytest.importorskip("pyspark", reason='pyspark is not installed: pip install "myeloma-precursor-risk[spark]"')
    from features.spark.tables import new_folder

    (tmp_path / "file.parquet").touch()
    (tmp_path / "mine.parquet").mkdir()
    (tmp_path / "mine.parquet" / "thesis.txt").touch()
    for name, says in (("file.parquet", "is a file"), ("mine.parquet", "a folder that Spark has not made")):
        with pytest.raises(ConfigError, match=says), new_folder(str(tmp_path / name)):
            pass
    assert (tmp_path / "mine.parquet" / "thesis.txt").is_file()


@pytest.mark.parametrize("line", ["serving score cohort --task smm --out risks.csv", "features build cohort table.csv --task smm"])
def test_an_output_of_another_ending_is_refused_at_once(line, root):
    package, *words = line.split()
    code = f"import sys; sys.argv = {[package, *words, '--engine', 'spark']!r}; from {package}.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 1
    assert "does not end in .parquet" in done.stderr
