"""One picture of all findings: how far each lies from no change, with its interval."""

from __future__ import annotations

import base64
import io
import textwrap

from training.monitor.findings import Finding
from training.plots.held_out import panels, plt

_COLOURS = {"changed": "C3", "steady": "C0", "too few": "0.6"}
_PANELS = (
    (("level", "risk"), "probability to exceed training", (0.0, 1.0)),
    (("missing",), "share missing (line: in training at like time)", (0.0, 1.0)),
    (("outcome",), "observed / expected", None),
)
_LABEL = 26  # letters on a line


def picture(findings: list[Finding]) -> str:
    """Return a PNG in base64; empty where there is no figure to show."""
    drawn = [([f for f in findings if f.kind in kinds and f.estimate is not None], title, limits) for kinds, title, limits in _PANELS]
    drawn = [panel for panel in drawn if panel[0]]
    if not drawn:
        return ""
    figure, axes = panels(len(drawn))
    for axis, (shown, title, limits) in zip(axes, drawn, strict=True):
        for row, finding in enumerate(reversed(shown)):
            colour = _COLOURS[finding.status]
            axis.plot([finding.lo, finding.hi], [row, row], color=colour, linewidth=1.5)
            axis.plot([finding.estimate], [row], "o", color=colour, markersize=5)
            axis.plot([finding.reference] * 2, [row - 0.35, row + 0.35], color="0.3", linewidth=1)
        labels = [textwrap.fill(f.label.removeprefix("Observed / expected at "), _LABEL) for f in reversed(shown)]
        axis.set_yticks(range(len(shown)), labels, fontsize=8)
        axis.set(title=title, ylim=(-0.7, len(shown) - 0.3))
        axis.title.set_fontsize(9)
        if limits:
            axis.set_xlim(*limits)
    figure.set_size_inches(4.2 * len(drawn), 0.8 + 0.36 * max(len(panel[0]) for panel in drawn))
    figure.subplots_adjust(left=0.02, right=0.98, bottom=0.02, top=0.95)
    figure.tight_layout()
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=110, metadata={"Software": None})
    plt.close(figure)
    return base64.b64encode(held.getvalue()).decode()
