"""The shape of the house: imports run one way, between packages and between rooms; rooms stay small, nothing unwanted is kept."""

import ast
import re
import subprocess
import tomllib
from collections import Counter

import pytest

from features.console import EXTRAS

ORDER = ("myeloma", "features", "serving", "training")
# A room (a folder, or a module beside the folders) imports only those named before it.
ROOMS = {
    "features": "cohort sources params log console intake history tasks table course simulation spark __main__",
    "serving": "models seal artifact predict answer store access audit batch parts stream spark page http mlflow_flavour commands __main__",
    "training": "places plan rows metrics reference estimators plots explanation tracking fitting evaluation gate card registry"
    " shift monitor truth commands stages pipeline __main__",
}
TRAINING_ONLY = {"sklearn", "matplotlib", "shap", "optuna"}
LOCKS = {"requirements.lock": 100, "requirements-dev.lock": 30}
MOST_LINES, MOST_ENTRIES = 350, 22


def modules(root):
    return [path for package in ORDER for path in (root / package).rglob("*.py")]


def imported(path):
    """Yield the full name of every module, or name of one, that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_imports_run_from_training_to_serving_to_features_to_myeloma(root):
    wrong = [
        (str(path.relative_to(root)), name)
        for path in modules(root)
        for name in (full.split(".")[0] for full in imported(path))
        if name in ORDER and ORDER.index(name) > ORDER.index(path.relative_to(root).parts[0])
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ROOMS)
def test_inside_a_package_imports_run_along_the_order_of_its_rooms(root, package):
    order = ROOMS[package].split()
    wrong = []
    for path in (root / package).rglob("*.py"):
        here = path.relative_to(root / package).parts[0].removesuffix(".py")
        if here == "__init__":
            continue
        assert here in order, f"{package}/{here} has no place in the order of rooms"
        for full in imported(path):
            top, _, rest = full.partition(".")
            room = rest.split(".")[0]
            if top == package and room in order and order.index(room) > order.index(here):
                wrong.append((str(path.relative_to(root)), full))
    assert wrong == []


def test_a_listing_shows_the_way_of_the_data(root):
    entries = Counter(path.parent for package in ORDER for path in (root / package).rglob("*") if _is_shown(path))
    assert {str(folder.relative_to(root)): n for folder, n in entries.items() if n > MOST_ENTRIES} == {}


def _is_shown(path):
    return path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))


def test_serving_needs_nothing_that_only_training_needs(root):
    wrong = [
        (path.name, name)
        for path in modules(root)
        if path.relative_to(root).parts[0] != "training"
        for name in (full.split(".")[0] for full in imported(path))
        if name in TRAINING_ONLY
    ]
    assert wrong == []


def test_files_stay_small(root):
    assert [path.name for path in modules(root) if len(path.read_text().splitlines()) > MOST_LINES] == []


@pytest.mark.parametrize("name", ["utils", "common", "core", "helpers"])
def test_no_module_has_a_name_that_says_nothing(root, name):
    assert [path for path in modules(root) if path.stem == name] == []


def test_nothing_unwanted_is_kept_in_the_repository(root):
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [root / line for line in listed.stdout.splitlines() if (root / line).is_file()]
    assert [f.name for f in files if f.suffix in (".pkl", ".joblib", ".ipynb", ".db")] == []
    assert [f.name for f in files if f.stat().st_size > 2_000_000] == []
    assert [f.name for f in files if f.relative_to(root).parts[0] == "mlruns"] == ["README.md"]


@pytest.mark.parametrize(("name", "least"), LOCKS.items())
def test_a_lock_pins_every_package_by_hash_and_names_no_host(root, name, least):
    text = (root / name).read_text()
    packages = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(packages) > least
    assert all("==" in line for line in packages)
    assert text.count("--hash=sha256:") >= len(packages)
    assert "://" not in text
    assert "--index" not in text
    assert not any(line.startswith(("nvidia", "xgboost==3.2.0 \\")) for line in packages)


def test_the_lock_of_users_holds_nothing_that_only_tests_need_and_the_other_nothing_twice(root):
    users, tools = ({line for line in (root / name).read_text().splitlines() if "==" in line} for name in LOCKS)
    assert users & tools == set()
    assert {line.split("==")[0] for line in users} & {"pytest", "scikit-survival", "hypothesis", "fhir-resources", "mypy"} == set()
    assert {line.split("==")[0] for line in tools} >= {"pytest", "scikit-survival", "hypothesis", "fhir-resources", "mypy"}


def test_a_library_that_is_missing_is_looked_for_in_the_extra_that_brings_it(root):
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = {"sklearn": "scikit-learn"}
    wrong = [
        library
        for library, extra in EXTRAS.items()
        if not any(re.split(r"[\[><=]", wanted)[0] == names.get(library, library) for wanted in extras[extra])
    ]
    assert wrong == []
