"""One style for every picture: colours, type, and figures that carry words for those who cannot see them.

Colours are named by what they mean, and are the same on the page and in print. Each has at least 4.5 : 1 contrast to the ground as
text, 3 : 1 as a mark (`LINE` is for grids only); none stands alone: a side, a sign, a marker or a word says the same.
Nothing is set at import: each drawing function is `styled`, and figures are made without a window.
"""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

GROUND, INK, INK2, LINE, EDGE = "#FFFFFF", "#17212B", "#4C5A68", "#D3DAE1", "#74828F"
DATA, RAISES, WHATIF, BAND, OFF = "#0072B2", "#B34E00", "#84428C", "#DCEBE3", "#E3E8ED"
LOWERS, STOP, GREEN = DATA, "#8A1C12", "#3B7D5A"
SMALL, BODY, TITLE = 8, 9, 10
DPI = 150

_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": BODY,
    "text.color": INK,
    "figure.facecolor": GROUND,
    "figure.constrained_layout.use": True,
    "savefig.dpi": DPI,
    "svg.fonttype": "none",
    "axes.edgecolor": EDGE,
    "axes.labelcolor": INK2,
    "axes.titlecolor": INK,
    "axes.labelsize": BODY,
    "axes.titlesize": TITLE,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    **{f"{axis}tick.major.size": 0.0 for axis in "xy"},
    **{f"{axis}tick.minor.size": 0.0 for axis in "xy"},
    **{f"{axis}tick.color": INK2 for axis in "xy"},
    **{f"{axis}tick.labelsize": BODY for axis in "xy"},
    "lines.linewidth": 1.6,
    "lines.markersize": 5.0,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "patch.linewidth": 0.8,
}
styled = mpl.rc_context(_RC)  # as a decorator: the style holds while the function draws, and no longer


@dataclass(frozen=True)
class Look:
    """How one model looks wherever it is drawn."""

    colour: str
    marker: str
    dashes: Any

    def of_line(self) -> dict[str, Any]:
        """Return the arguments of a line with markers."""
        return {"color": self.colour, "marker": self.marker, "linestyle": self.dashes}


MODEL = Look(DATA, "o", "-")
COMPARATORS = (
    Look(RAISES, "s", (0, (6, 2))),
    Look(WHATIF, "^", (0, (3, 2))),
    Look(GREEN, "D", (0, (6, 2, 1, 2))),
    Look(INK2, "v", (0, (1, 1.5))),
)
# From the left of a name; without a patch nothing is searched for the point where the line leaves it.
_LEADER = {"arrowstyle": "-", "color": LINE, "linewidth": 0.8, "shrinkA": 1, "shrinkB": 2, "relpos": (0.0, 0.5), "patchA": None}
REFERENCE: dict[str, Any] = {"color": EDGE, "linewidth": 1.0, "linestyle": "--"}


def looks(model: str, others: Iterable[str]) -> dict[str, Look | None]:
    """Return the look of each model: the one shown, then the first four others in their order; None, a thin grey line, for the rest."""
    names = [name for name in others if name != model]
    rest: list[Look | None] = [*COMPARATORS, *[None] * len(names)]
    return {model: MODEL, **dict(zip(names, rest, strict=False))}


class Panel(Axes):
    """Axes whose labels are measured once where they are laid out: matplotlib lays out twice, for changes that are seldom a pixel."""

    _around: NDArray[np.float64] | None = None

    def get_tightbbox(self, *args: Any, **options: Any) -> Any:
        """Return the place with its labels; while it is laid out, as they were before it was moved."""
        if not options.get("for_layout_only"):
            return super().get_tightbbox(*args, **options)
        if self._around is None:
            found = super().get_tightbbox(*args, **options)
            if found is None:  # of a panel that is not shown
                return None
            self._around = np.subtract(found.extents, self.bbox.extents)
            return found
        return Bbox.from_extents(*np.add(self.bbox.extents, self._around))

    def draw(self, *args: Any, **options: Any) -> None:
        """Draw, and measure anew next time."""
        self._around = None
        super().draw(*args, **options)


class Picture(Figure):
    """A figure that says in words what it shows: `alt`, in a notebook and as the title of an SVG.

    It belongs to no window: `savefig` writes it, and as the last line of a notebook's cell it is shown.
    """

    alt = ""

    def add_subplot(self, *args: Any, **options: Any) -> Any:
        """Return a new `Panel`."""
        return super().add_subplot(*args, axes_class=Panel, **options)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Write the picture at 150 dots an inch; text stays text in SVG."""
        kind = str(options.get("format") or Path(str(fname)).suffix.lstrip("."))
        if kind == "png":  # drawn once: matplotlib's own way draws twice, the first time for the layout alone
            write: Any = FigureCanvasAgg(self).print_png
            write(fname, metadata=options.get("metadata"), pil_kwargs={"compress_level": 1})
            return
        if kind == "svg":
            options["metadata"] = {"Title": self.alt, "Date": None} | options.get("metadata", {})
        with mpl.rc_context({"svg.fonttype": "none", "savefig.dpi": DPI}):
            super().savefig(fname, **options)

    def _repr_html_(self) -> str:
        held = io.BytesIO()
        self.savefig(held, format="png")
        image = base64.b64encode(held.getvalue()).decode()
        return f'<img alt="{html.escape(self.alt)}" style="max-width:100%" src="data:image/png;base64,{image}">'


def picture(width: float, height: float, title: str, foot: str = "", alt: str = "") -> Picture:
    """Return an empty figure (inches) with its title, a line at its foot, and its words; the title where none are given."""
    figure = Picture(figsize=(width, height), dpi=DPI)
    figure.alt = alt or title
    if title:
        figure.suptitle(title, x=0.012, ha="left", fontsize=TITLE, fontweight="bold")
    if foot:
        figure.supxlabel(foot, x=0.012, ha="left", fontsize=SMALL, color=INK2)
    return figure


def panels(n: int, title: str, height: float = 5.0, width: float = 5.0) -> tuple[Picture, NDArray[Any]]:
    """Return a figure with n panels beside each other, and the panels."""
    figure = picture(width * max(n, 1), height, title)
    return figure, figure.subplots(1, max(n, 1), squeeze=False)[0]


def with_strips(n: int, title: str) -> tuple[Picture, NDArray[Any], NDArray[Any]]:
    """Return a figure with n panels beside each other, a low strip below each for how many people stand behind it, and both."""
    figure = picture(5.0 * max(n, 1), 5.6, title)
    axes = figure.subplots(2, max(n, 1), squeeze=False, sharex="col", height_ratios=(6, 1))
    for strip in axes[1]:
        strip.grid(visible=False)
        strip.tick_params(axis="y", labelsize=SMALL)
    return figure, axes[0], axes[1]


def percent(axis: Axes, which: str = "xy", decimals: int | None = 0) -> None:
    """Label an axis of shares in percent."""
    for name in which:
        getattr(axis, f"{name}axis").set_major_formatter(PercentFormatter(1.0, decimals=decimals, symbol=" %"))


def names_at_ends(axis: Axes, ends: list[tuple[float, float, str, str]], gap: float = 0.045) -> None:
    """Write names (x, y, name, colour) right of where their lines end, in the order of the lines and at least a gap apart.

    A line that ends outside the panel is named at its edge: a name far outside would leave no room. One that ends nowhere has none.

    Parameters
    ----------
    gap : float
        Share of the height of the panel.
    """
    low, high = axis.get_ylim()
    ends = [(x, min(max(y, low), high), name, colour) for x, y, name, colour in sorted(ends, key=lambda end: end[1]) if math.isfinite(y)]
    places = np.array([(y - low) / (high - low) for _, y, _, _ in ends])
    for k in range(1, len(places)):
        places[k] = max(places[k], places[k - 1] + gap)
    if len(places) and places[-1] > 1.0:
        places[-1] = 1.0
        for k in range(len(places) - 2, -1, -1):
            places[k] = min(places[k], places[k + 1] - gap)
    for (x, y, name, colour), place in zip(ends, places, strict=True):
        axis.annotate(
            name,
            (x, y),
            xytext=(1.02, place),
            textcoords="axes fraction",
            color=colour,
            fontsize=SMALL,
            va="center",
            arrowprops=_LEADER,
            annotation_clip=False,
        )
