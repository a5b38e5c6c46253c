"""Pictures that are laid out and not drawn, which is half of what an evaluation takes: all of them, or all but the first of a kind."""

from collections.abc import Callable
from pathlib import Path

import pytest

PNG = b"\x89PNG\r\n\x1a\n"


def draw_nothing(patch: pytest.MonkeyPatch) -> None:
    """Let no picture be drawn as long as a patch holds."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from training.plots.style import Picture

    def drawn(canvas):
        raise AssertionError("a picture was drawn where none should be")

    patch.setattr(FigureCanvasAgg, "draw", drawn)  # what this stands in for may move: then these tests fail, rather than take longer
    patch.setattr(Picture, "savefig", _write_no_picture)


def draw_one_of_a_kind(patch: pytest.MonkeyPatch, kind: Callable[[Path], object]) -> None:
    """Let the first picture of each kind be drawn, by the file that it goes to, and what goes into no file; the other files hold none."""
    from training.plots.style import Picture

    drawn, plain = set(), Picture.savefig

    def savefig(figure, fname, **options):
        write = plain if hasattr(fname, "write") or kind(Path(fname)) not in drawn else _write_no_picture
        drawn.add(None if hasattr(fname, "write") else kind(Path(fname)))
        write(figure, fname, **options)

    patch.setattr(Picture, "savefig", savefig)


def _write_no_picture(figure, fname, **options):
    """Write the first bytes of a PNG file, to a path or into a buffer, as a picture is."""
    (fname.write if hasattr(fname, "write") else Path(fname).write_bytes)(PNG)
