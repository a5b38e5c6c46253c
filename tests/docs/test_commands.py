"""Every command line in a page exists: its program, its subcommand, each of its options, each make target."""

import re
import shlex

import pytest
import typer
import typer.main

from features.__main__ import app as features_app
from serving.__main__ import app as serving_app
from training.__main__ import app as training_app

APPS = {"features": features_app, "training": training_app, "serving": serving_app}
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_PROGRAM = re.compile(r"(?:python -m (?:features|training|serving)|myeloma-(?:features|training|serving)|make) [^\n`]*")
_WORD = re.compile(r"[a-z][a-z0-9-]*$")


def command_lines(text):
    """Return the command lines of a page, in blocks and between backticks, each without a comment and what follows it."""
    code = "\n".join(_CODE.findall(text)).replace("\\\n", " ")
    lines = (line for found in _PROGRAM.findall(code) for line in re.split(r"&&|;|\|", found.partition(" #")[0]))
    return [line.strip() for line in lines if _PROGRAM.match(line.strip())]


def wrong(line, targets):
    """Return what is wrong with a command line, nothing where all of it exists."""
    program, *words = shlex.split(line.removeprefix("python -m ").removeprefix("myeloma-"), posix=True)
    if program == "make":
        named = [word for word in words[:1] if _WORD.match(word)]
        return [f"make {word}" for word in named if word not in targets]
    group = typer.main.get_command(APPS[program])
    shared = {option: parameter for parameter in group.params for option in parameter.opts}
    while words and words[0].startswith("-") and words[0] != "--help":
        if words[0] not in shared:
            return [f"{program} has no option {words[0]}"]
        words = words[1 if shared[words[0]].is_flag else 2 :]
    if not words or words[0] in ("--help", "..."):
        return []
    if words[0] not in (commands := group.commands):
        return [f"{program} has no command {words[0]}"]
    options = {option for parameter in commands[words[0]].params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    return [
        f"{program} {words[0]} has no option {word}" for word in words[1:] if word.startswith("--") and word.split("=")[0] not in options
    ]


@pytest.fixture(scope="module")
def targets(root):
    return set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))


def test_every_command_in_a_page_exists(pages, targets):
    lines = {(name, line) for name, text in pages.items() if name != "CHANGELOG.md" for line in command_lines(text)}
    assert len(lines) > 60
    assert {(name, line, *found) for name, line in lines if (found := wrong(line, targets))} == set()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("python -m training promot --task smm", ["training has no command promot"]),
        ("python -m training promote --tsk smm", ["training promote has no option --tsk"]),
        ("python -m serving --silent score", ["serving has no option --silent"]),
        ("myeloma-training --log train.log promot", ["training has no command promot"]),
        ("make trian", ["make trian"]),
        ("make score IN=a OUT=b", []),
        ("python -m features ...", []),
    ],
)
def test_a_command_that_does_not_exist_is_found(line, found, targets):
    assert wrong(line, targets) == found


def test_commands_are_found_in_blocks_and_between_backticks():
    page = "Run `make ui`, then\n```\n. .venv/bin/activate && python -m training compare   # all\n```\nbut not python -m training words."
    assert sorted(command_lines(page)) == ["make ui", "python -m training compare"]
