"""The shape of the house: imports run one way, files stay small, nothing unwanted is kept."""

import ast
import subprocess

import pytest

ORDER = ("myeloma", "features", "serving", "training")
TRAINING_ONLY = {"lifelines", "sklearn", "matplotlib", "shap", "optuna"}
MOST_LINES = 350


def modules(root):
    return [path for package in ORDER for path in (root / package).rglob("*.py")]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").split(".")[0]


def test_imports_run_from_training_to_serving_to_features_to_myeloma(root):
    wrong = [
        (str(path.relative_to(root)), name)
        for path in modules(root)
        for name in imported(path)
        if name in ORDER and ORDER.index(name) > ORDER.index(path.relative_to(root).parts[0])
    ]
    assert wrong == []


def test_serving_needs_nothing_that_only_training_needs(root):
    wrong = [
        (path.name, name)
        for path in modules(root)
        if path.relative_to(root).parts[0] != "training"
        for name in imported(path)
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


def test_the_lock_pins_every_package_by_hash_and_names_no_host(root):
    text = (root / "requirements.lock").read_text()
    packages = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(packages) > 100
    assert all("==" in line for line in packages)
    assert text.count("--hash=sha256:") >= len(packages)
    assert "://" not in text
    assert "--index" not in text
    assert not any(line.startswith(("nvidia", "xgboost==3.2.0 \\")) for line in packages)
