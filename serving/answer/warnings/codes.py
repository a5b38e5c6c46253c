"""What answers warn of, as codes for score files: the answer of one person says the same in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import Histories
from features.history.layout import Chosen, Days
from features.history.rows import View
from serving.answer.scored import Scored
from serving.answer.stage import doubted
from serving.answer.warnings.against_risk import against_risk
from serving.answer.warnings.earlier import met_earlier
from serving.answer.warnings.findings import positive
from serving.answer.warnings.followed import beyond_what_was_followed
from serving.answer.warnings.in_line import begun, positive_in_line
from serving.answer.warnings.of_values import no_measure, out_of_range
from serving.answer.warnings.progressing import Unconfirmed, unconfirmed
from serving.answer.warnings.unsettled import unsettled
from serving.artifact import Artifact

Bools = NDArray[np.bool_]
POSITIVE, MET_EARLIER = "positive_finding", "criterion_met_earlier"
NO_MEASURE, OUT_OF_RANGE, NOT_FOLLOWED = "m_protein_no_measure", "out_of_range", "not_followed"


@dataclass(frozen=True)
class OfHistories:
    """What whole histories say against risks at landmarks (rows,): found for all rows at once, since it goes through every result."""

    histories: Histories
    doubted: Bools
    progression: Unconfirmed | None
    positive: Bools
    not_followed: Bools
    begun: Days | None = None

    @classmethod
    def of(cls, artifact: Artifact, histories: Histories, view: View) -> OfHistories:
        """Return it for people at landmarks, as they are seen."""
        rules, rows = artifact.rules, (view.patient, view.landmark)
        not_followed: Bools = np.logical_or.reduce(beyond_what_was_followed(artifact, histories, *rows), axis=1)
        return cls(
            histories,
            doubted(rules, histories, *rows),
            unconfirmed(rules, histories, view),
            positive(histories, *rows) if rules.line is None else positive_in_line(histories, *rows),
            not_followed,
            begun(rules, histories, view),
        )

    def at(self, rows: Chosen) -> OfHistories:
        """Return some of the rows."""
        of = self.progression
        return replace(
            self,
            doubted=self.doubted[rows],
            progression=of if of is None else replace(of, sample=of.sample[rows]),
            positive=self.positive[rows],
            not_followed=self.not_followed[rows],
            begun=None if self.begun is None else self.begun[rows],
        )


def warning_codes(scored: Scored, said: OfHistories) -> list[str]:
    """Return what each row is warned of, as codes joined by a bar in the order of an answer's words; empty where there is nothing."""
    found = {
        **against_risk(scored, said.doubted, said.progression, said.begun),
        POSITIVE: said.positive,
        MET_EARLIER: _met_earlier(scored, said.histories),
        **unsettled(scored),
        NO_MEASURE: no_measure(scored),
        OUT_OF_RANGE: out_of_range(scored),
        NOT_FOLLOWED: said.not_followed & ~scored.criteria_met,
    }
    bits = np.zeros(len(said.doubted), np.int64)
    for place, rows in enumerate(found.values()):
        bits |= rows.astype(np.int64) << place
    words = {code: "|".join(name for place, name in enumerate(found) if code >> place & 1) for code in np.unique(bits).tolist()}
    return [words[code] for code in bits.tolist()]


def _met_earlier(scored: Scored, histories: Histories) -> Bools:
    rules = scored.artifact.rules  # of treated disease the criteria were met earlier: that is what is treated
    earlier = met_earlier(histories, scored.view, scored.criteria) if rules.criteria_guard and rules.line is None else None
    return np.zeros(len(scored.view.patient), bool) if earlier is None else earlier.rows
