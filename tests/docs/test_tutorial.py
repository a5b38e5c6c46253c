"""The tutorial is run as it stands, in an empty folder; what it shows is what is printed."""

import re

import pytest

from docs.generators.tutorial import written_anew


def masked(page):
    """Return a page without what may differ from one machine to another: decimals, hashes, and how columns are padded."""
    page = re.sub(r"-?\d+\.\d+(e-?\d+)?|\b[0-9a-f]{16,32}\b", "#", page)
    return [re.sub(r"[ ━─]+", " ", line).strip() for line in page.splitlines()]


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_drawn")
def test_every_block_of_the_tutorial_runs_and_prints_what_the_page_shows(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    page = (root / "docs" / "tutorial.md").read_text(encoding="utf-8")
    assert masked(written_anew(page)) == masked(page), "run `make docs`"


def test_a_page_whose_output_is_another_is_written_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = "```python\nx = 2\nprint('a\\nb\\nc')\n```\n\n```text\nz\n```\n```python\nprint(x + 1)\n```\n```text\n4\n```\n"
    assert written_anew(page) == page.replace("z\n", "a\nb\nc\n").replace("```text\n4", "```text\n3")


def test_where_a_page_shows_the_first_and_last_lines_only_so_many_are_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = "```sh\nseq 5\n```\n```text\nx\n...\ny\ny\n```\n"
    assert written_anew(page) == "```sh\nseq 5\n```\n```text\n1\n...\n4\n5\n```\n"


def test_a_command_of_the_tutorial_that_is_refused_stops_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError, match="No model in nowhere"):
        written_anew("```sh\npython -m serving score nowhere --task smm --out r.csv --model nowhere\n```\n")
