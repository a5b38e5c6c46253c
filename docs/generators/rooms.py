"""The picture in docs/architecture.md: the rooms and their imports, read from the code. The words around it are written by hand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from docs.generators import PACKAGES

_BEGIN, _END = "<!-- rooms: begin; made by `make docs` -->", "<!-- rooms: end -->"
_RULE = Path("tests", "test_architecture.py")  # keeps the order of the rooms; the picture shows them in that order


def page(root: Path) -> str:
    """Return the page as it stands, with the picture made anew."""
    before, _, rest = (root / "docs" / "architecture.md").read_text(encoding="utf-8").partition(_BEGIN)
    return "\n".join([before + _BEGIN, *_pictures(root), _END + rest.partition(_END)[2]])


def _pictures(root: Path) -> Iterator[str]:
    for package, order in _order(root).items():
        inside, outside = _imports(root, package, order)
        yield f"### {package}\n"
        yield "```"
        yield from _matrix(order, inside)
        yield "```\n"
        yield "| room | what it holds | imports from other packages |"
        yield "|---|---|---|"
        for room in order:
            others = ", ".join(name for name in PACKAGES if name in outside[room]) or "-"
            yield f"| `{package}/{_shown(root, package, room)}` | {_about(root, package, room)} | {others} |"
        yield ""


def _order(root: Path) -> dict[str, list[str]]:
    """Return the rooms of each package in the order that the test keeps; where it keeps none, as they lie."""
    tree = ast.parse((root / _RULE).read_text(encoding="utf-8"))
    rule = next(ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "ROOMS")
    return {package: rule[package].split() if package in rule else _as_they_lie(root, package) for package in PACKAGES}


def _as_they_lie(root: Path, package: str) -> list[str]:
    """Return the rooms of a package, each after those that it imports."""
    names = sorted(
        p.stem for p in (root / package).iterdir() if p.name != "__init__.py" and (p.suffix == ".py" or (p / "__init__.py").is_file())
    )
    inside, _ = _imports(root, package, names)
    order: list[str] = []
    while rest := [name for name in names if name not in order]:
        order.append(next((name for name in rest if inside[name] <= set(order)), rest[0]))
    return order


def _imports(root: Path, package: str, rooms: list[str]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return, by room, the rooms of its package that it imports, and the packages."""
    inside: dict[str, set[str]] = {room: set() for room in rooms}
    outside: dict[str, set[str]] = {room: set() for room in rooms}
    for room in rooms:
        path = root / package / room
        for file in path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]:
            for full in _imported(file):
                top, _, rest = full.partition(".")
                if top == package and (other := rest.split(".")[0]) in inside and other != room:
                    inside[room].add(other)
                elif top in PACKAGES and top != package:
                    outside[room].add(top)
    return inside, outside


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _matrix(order: list[str], inside: dict[str, set[str]]) -> Iterator[str]:
    """Yield a dependency matrix: a row a room, an x where it imports the room of the column."""
    width = max(map(len, order))
    yield " " * (width + 4) + "".join(f"{k:3d}" for k in range(1, len(order) + 1))
    for k, room in enumerate(order, start=1):
        marks = ("x" if other in inside[room] else "·" if other != room else "■" for other in order)
        yield f"{room:<{width}} {k:2d} " + "".join(f"{mark:>3}" for mark in marks)


def _shown(root: Path, package: str, room: str) -> str:
    return f"{room}/" if (root / package / room).is_dir() else f"{room}.py"


def _about(root: Path, package: str, room: str) -> str:
    path = root / package / room
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
