"""What `dvc.yaml` says that a stage depends on is what its program imports, and no more than what it runs."""

import ast
from pathlib import Path

import pytest
import yaml

PACKAGES = ("myeloma", "features", "serving", "training")
# The modules that the subcommand of a stage runs.
RUNS = {
    "ingest": ("features.intake.ingest", "features.sources.mgus2"),
    "simulate": ("features.intake.ingest", "features.simulation.choose"),
    "simulate_treated": ("features.intake.ingest", "features.simulation.choose"),
    "build": ("features.table.build",),
    "fit": ("training.fitting.fit",),
    "evaluate": ("training.evaluation.evaluate",),
    "register": ("training.registry.candidates",),
}
# A stage runs anew where its input does, so what made the input need not be named again.
AFTER = {"evaluate": ("fit",), "register": ("fit", "evaluate")}


def file_of(root, module):
    path = root.joinpath(*module.split("."))
    found = [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]
    return found[0] if module.split(".")[0] in PACKAGES and found else None


def imported_files(root, modules):
    seen, todo = set(), {file_of(root, module) for module in modules}
    while todo:
        file = todo.pop()
        seen.add(file)
        if file.name == "__init__.py" and "iter_modules(__path__)" in file.read_text():  # it gathers every module of its folder
            todo |= set(file.parent.glob("*.py")) - seen
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                todo |= {found for name in names if (found := file_of(root, name))} - seen
    return {str(path.relative_to(root)) for path in seen}


def deps_of(root, stage):
    named = yaml.safe_load((root / "dvc.yaml").read_text())["stages"][stage]
    return {dep for dep in named.get("do", named)["deps"] if not dep.startswith("data/")}


def covers(dep, file):
    return Path(dep) == Path(file) or Path(dep) in Path(file).parents


@pytest.mark.parametrize("stage", RUNS)
def test_every_module_that_a_stage_imports_is_a_dependency_of_it(root, stage):
    deps = set().union(*(deps_of(root, each) for each in (stage, *AFTER.get(stage, ()))))
    files = {file for file in imported_files(root, RUNS[stage]) if Path(file).parent.name not in PACKAGES or Path(file).stem != "__init__"}
    assert {file for file in files if not any(covers(dep, file) for dep in deps)} == set()


@pytest.mark.parametrize("stage", RUNS)
def test_no_dependency_of_a_stage_is_code_that_it_does_not_import(root, stage):
    files = imported_files(root, RUNS[stage])
    assert {dep for dep in deps_of(root, stage) if not any(covers(dep, file) for file in files)} == set()


@pytest.mark.parametrize(
    "edited",
    [
        "features/sources/fhir/events.py",
        "features/sources/omop/reader.py",
        "features/simulation/smm/worlds.py",
        "features/simulation/treated/worlds.py",
    ],
)
@pytest.mark.parametrize("stage", ["build", "fit", "evaluate", "register"])
def test_an_edit_to_a_reader_or_the_simulator_makes_no_table_and_no_fit_anew(root, stage, edited):
    assert not any(covers(dep, edited) for dep in deps_of(root, stage))
