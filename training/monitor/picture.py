"""One picture of all findings: how far each lies from no change, with its interval."""

from __future__ import annotations

import base64
import io
import textwrap

from training.monitor.findings import Finding
from training.plots.style import DATA, EDGE, RAISES, SMALL, panels, styled

_LOOKS = {"changed": (RAISES, "D"), "steady": (DATA, "o"), "not shown": (EDGE, "o"), "too few": (EDGE, "o")}
_PANELS = (
    (("level", "risk"), "probability to exceed training", (0.0, 1.0)),
    (("missing",), "share missing (line: in training at like time)", (0.0, 1.0)),
    (("outcome",), "observed / expected", None),
)
_LABEL = 26  # letters on a line


@styled
def picture(findings: list[Finding]) -> str:
    """Return a PNG in base64; empty where there is no figure to show."""
    drawn = [([f for f in findings if f.kind in kinds and f.estimate is not None], title, limits) for kinds, title, limits in _PANELS]
    drawn = [panel for panel in drawn if panel[0]]
    if not drawn:
        return ""
    figure, axes = panels(len(drawn), "", max(0.8 + 0.36 * max(len(panel[0]) for panel in drawn), 1.8), 4.2)
    for axis, (shown, title, limits) in zip(axes, drawn, strict=True):
        for row, finding in enumerate(reversed(shown)):
            colour, marker = _LOOKS[finding.status]
            axis.plot([finding.lo, finding.hi], [row, row], color=colour, linewidth=1.5)
            axis.plot([finding.estimate], [row], marker, color=colour, markersize=5)
            axis.plot([finding.reference] * 2, [row - 0.35, row + 0.35], color=EDGE, linewidth=1)
        labels = [textwrap.fill(f.label.removeprefix("Observed / expected at "), _LABEL) for f in reversed(shown)]
        axis.set_yticks(range(len(shown)), labels, fontsize=SMALL)
        axis.set(ylim=(-0.7, len(shown) - 0.3))
        axis.set_title(title, fontsize=SMALL)
        axis.grid(visible=False, axis="y")
        if limits:
            axis.set_xlim(*limits)
    held = io.BytesIO()
    figure.savefig(held, format="png", metadata={"Software": None})
    return base64.b64encode(held.getvalue()).decode()
