"""The terminal: no text that was received steers it, in what is printed, in an error and in the log."""

import io
import logging

import pytest
import typer
from rich.table import Table

from features import console as terminal
from features.log import write_log
from myeloma import DataError

STEERING = "\x1b[2Ja\x07\x9b31m\u202eb"


@pytest.fixture
def printed(monkeypatch):
    out = io.StringIO()  # a console of its own: to put back what the shared one writes to would tie it to this test's stream
    monkeypatch.setattr(terminal, "console", terminal.PlainConsole(file=out, markup=False, soft_wrap=True, highlight=False, width=140))
    return out


def test_nothing_that_is_printed_steers_the_terminal_in_a_line_or_a_table(printed):
    table = Table(title=STEERING)
    table.add_column(STEERING)
    table.add_row(STEERING)
    terminal.console.print(table)
    terminal.console.print(f"first {STEERING}\nsecond")
    said = printed.getvalue()
    assert "first ?[2Ja??31m?b\nsecond" in said
    assert not set(said) & set("\x1b\x07\x9b\u202e")


def test_an_error_and_its_hint_hold_no_control_characters_and_keep_their_lines(capsys):
    app = typer.Typer()

    @app.command()
    def fails() -> None:
        raise DataError(f"{STEERING}\nsecond line", STEERING)

    with pytest.raises(SystemExit) as ended:
        terminal.run(app, [])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "Error: ?[2Ja??31m?b\nsecond line\nHint: ?[2Ja??31m?b\n"


@pytest.mark.parametrize(
    "raised", [MemoryError(), RuntimeError("can't start new thread"), ValueError("[10:00:00] Check failed: std::bad_alloc")], ids=str
)
def test_memory_that_runs_out_is_one_line_however_a_library_says_it(capsys, raised):
    app = typer.Typer()

    @app.command()
    def fails() -> None:
        raise raised

    with pytest.raises(SystemExit) as ended:
        terminal.run(app, [])
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("Error: The memory ran out.\nHint: ")


def test_another_error_of_such_a_kind_is_a_fault_of_the_program_and_shown_whole():
    app = typer.Typer()

    @app.command()
    def fails() -> None:
        raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        terminal.run(app, [])


def test_a_record_of_the_log_is_one_line_whatever_it_holds(tmp_path):
    write_log(path=tmp_path / "log")
    logging.getLogger("features").info("read %s", f"{STEERING}\n2026-01-01 INFO features: forged")
    write_log()
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line.endswith("read ?[2Ja??31m?b?2026-01-01 INFO features: forged")


def test_what_a_command_writes_is_its_users_alone(tmp_path):
    app = typer.Typer()

    @app.command()
    def writes() -> None:
        (tmp_path / "records").write_text("P1")

    with pytest.raises(SystemExit):
        terminal.run(app, [])
    assert (tmp_path / "records").stat().st_mode & 0o077 == 0
