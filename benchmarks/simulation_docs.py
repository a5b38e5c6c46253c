"""Write the table and the pictures of docs/simulation.md. Run: python -m benchmarks.simulation_docs"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.ticker import NullFormatter

from benchmarks.published import SHOWN as SHOWN_COHORT
from benchmarks.published import comparison, markdown
from features import Cohort, build_table, load_task
from features.history.derived import measured_and_derived
from features.intake.quality import clean
from features.simulation.smm import simulate, simulate_truth
from features.table.landmarks import visit_landmarks
from features.table.outcomes import outcomes_of
from features.tasks import Rules
from myeloma.calendar import DAYS_PER_YEAR, horizon_days
from training.metrics.incidence import aalen_johansen
from training.plots.style import DATA, EDGE, INK, INK2, RAISES, REFERENCE, SMALL, Picture, percent, picture, styled
from training.rows.censoring import FollowUp

FOLDER = Path(__file__).parents[1] / "docs"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
# How the ten people end, one after the other; of each kind those who were watched for four years at least, by number.
SHOWN = {"progression": 5, "death": 1, "treatment_start": 1, "last_contact": 3}
ROWS = {
    "m_protein": "M-protein, g/dL",
    "flc_ratio": "light chain ratio",
    "bmpc": "marrow, %",
    "hemoglobin": "hemoglobin, g/dL",
    "risk_24m": "true 24-month risk",
}
COLOURS = {"progression": RAISES, "death": INK, "treatment_start": DATA, "last_contact": INK2}
WORDS = {"progression": "progresses", "death": "dies", "treatment_start": "is treated", "last_contact": "is lost, or the study ends"}


def main() -> None:
    """Simulate once; write the table, the histories and the truth's calibration."""
    cohort, _ = clean(simulate(*SHOWN_COHORT))
    truth = simulate_truth(*SHOWN_COHORT)
    table = build_table(cohort, load_task("smm", FOLDER.parent / "params.yaml"))
    compared = comparison(table)
    write_table(compared, FOLDER / "simulation.md")
    draw_histories(cohort, truth, FOLDER / "simulation_histories.png")
    draw_summary(cohort, truth, compared, FOLDER / "simulation_summary.png")
    print(compared.round(3).to_string())


def write_table(compared: pd.DataFrame, page: Path) -> None:
    """Put the table between its marks on the page."""
    text = page.read_text(encoding="utf-8")
    head, tail = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    page.write_text(f"{head}\n{markdown(compared)}\n{tail}", encoding="utf-8")


@styled
def draw_histories(cohort: Cohort, truth: pd.DataFrame, path: Path) -> None:
    """Draw ten people, one a column, chosen by how they end."""
    measured = measured_and_derived(cohort)
    ends = cohort.events.sort_values("occurred_at", kind="stable").groupby("patient_id").first()
    index_date = cohort.patients.set_index("patient_id")["index_date"]
    years = (ends["occurred_at"] - index_date).dt.days / DAYS_PER_YEAR
    shown = [i for kind, n in SHOWN.items() for i in ends.index[(ends["kind"] == kind) & (years > 4) & (years < 9)][:n]]
    figure = picture(2.1 * len(shown), 8.5, "Ten simulated people, from the index date to what ended their observation")
    axes = figure.subplots(len(ROWS), len(shown), sharex="col", sharey="row")
    for column, person in enumerate(shown):
        kind, start = str(ends.at[person, "kind"]), index_date[person]
        for (row, label), axis in zip(ROWS.items(), axes[:, column], strict=True):
            if row == "risk_24m":
                own = truth[truth["patient_id"] == person]
                axis.plot((own["landmark"] - start).dt.days / DAYS_PER_YEAR, own[row], ".-", color=DATA, ms=4, lw=1)
            else:
                own = measured[(measured["patient_id"] == person) & (measured["biomarker"] == row)].sort_values("collected_at")
                axis.plot((own["collected_at"] - start).dt.days / DAYS_PER_YEAR, own["value"], ".-", color=INK, ms=4, lw=0.8)
            axis.axvline(years[person], color=COLOURS[kind], lw=1.5, ls="-" if kind != "last_contact" else ":")
            if column == 0:
                axis.set_ylabel(label)
        axes[0, column].set_title(WORDS[kind], fontsize=SMALL, color=COLOURS[kind])
        axes[-1, column].set_xlabel("years")
    axes[1, 0].set_yscale("log")
    axes[1, 0].yaxis.set_minor_formatter(NullFormatter())
    axes[-1, 0].set_ylim(-0.03, 1.03)
    percent(axes[-1, 0], "y")
    save(figure, path)


@styled
def draw_summary(cohort: Cohort, truth: pd.DataFrame, compared: pd.DataFrame, path: Path) -> None:
    """Draw progressions by year beside the published, the calibration of the truth, and how it is spread."""
    figure = picture(13, 4.2, "The simulated cohort beside the published figures, and its true risks")
    axes = figure.subplots(1, 3)
    by_year = compared[compared["figure"].str.contains("years, year")]
    at = np.arange(len(by_year))
    axes[0].bar(at - 0.2, by_year["published"], 0.4, label="published", color=EDGE)
    axes[0].bar(at + 0.2, by_year["simulated"], 0.4, label="simulated", color=DATA)
    axes[0].set_xticks(at, by_year["figure"].str.extract(r"year (.*)$")[0])
    axes[0].set(xlabel="years since the index date", ylabel="progressions per 100 person-years")
    axes[0].legend()
    landmarks = visit_landmarks(cohort)
    after = outcomes_of(cohort, landmarks, Rules("censor", criteria_guard=False))
    risk = landmarks.merge(truth, on=["patient_id", "landmark"], how="left")["risk_24m"].to_numpy()
    tenth = pd.qcut(risk, 10, labels=False)
    seen = [aalen_johansen(FollowUp.of(after[tenth == k]), [horizon_days(24)])[0] for k in range(10)]
    axes[1].loglog([risk[tenth == k].mean() for k in range(10)], seen, "o", color=DATA)
    axes[1].plot([0.005, 1], [0.005, 1], **REFERENCE)
    axes[1].set(xlabel="mean true 24-month risk, tenths of visits", ylabel="observed (Aalen-Johansen)")
    axes[2].hist(risk, bins=np.linspace(0, 1, 51), color=DATA)
    axes[2].set(xlabel="true 24-month risk", ylabel="visits", yscale="log")
    save(figure, path)


def save(figure: Picture, path: Path) -> None:
    """Write a picture whose bytes do not tell when or by what it was drawn."""
    figure.savefig(path, dpi=75, metadata={"Software": None})


if __name__ == "__main__":
    main()
