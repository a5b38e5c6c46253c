"""What each diagnosis means: how it is found, why it matters, what to do. docs/diagnoses.md is made of this."""

from __future__ import annotations

from dataclasses import dataclass

from training.evaluation.diagnoses import of_data, of_fit, of_sites
from training.rows.split import LEAST_EVENTS


@dataclass(frozen=True)
class Words:
    """What is said of a diagnosis, whatever its figures."""

    how: str
    why: str
    do: str


CATALOGUE = {
    "overfitting": Words(
        "The registered model, which is fitted to everybody, ranks the people judged with an AUC above the 95 % interval of the AUC that "
        "the models fitted without them reach on the same people, at the primary horizon. In held-out evaluation the registered model is "
        "also fitted to more people, so part of a gain may be real.",
        "The model has learnt these people by heart: what it tells of them says little about others.",
        "fit less: fewer rounds or less depth, a larger penalty, fewer columns; or search again (python -m training tune).",
    ),
    "one_input": Words(
        f"One biomarker or static column has more than {of_fit.MOST_OF_ONE:.0%} of the mean |contribution| at the primary horizon, all "
        "its columns together, where the model could use others.",
        "Where this input is missing, late or measured in another way, nothing else holds the risk.",
        "look at the explanation; see whether a unit, a definition or the outcome itself is in that input, and compare with a model of it "
        "alone.",
    ),
    "adds_nothing": Words(
        "A biomarker or static column that the model could use has no contribution at any horizon, over the visits explained; or a "
        "column has no value on any row of the table.",
        "It is collected and asked for, and changes no risk; or it came in under another name or unit and was lost.",
        "see that it was read (the report of ingest counts what was refused); then record it, or take it out of the task's biomarkers, "
        "statistics or static columns in params.yaml.",
    ),
    "same_person": Words(
        "Two identifiers are taken for one person where sex and year of birth (to a year) agree, and either they differ only in letter "
        f"case, blanks or leading zeros, or at least {of_data.EQUAL_RESULTS} latest values at visits of one day are the same and none "
        "differs; said where they stand on two sides of a split, and more such pairs agree in sex than differ. Copies whose dates were "
        "shifted are not found.",
        "A model is judged on whom it was fitted to, so its figures are too good.",
        "join the identifiers in the source, ingest and build again; look first among people of two sites.",
    ),
    "search_edge": Words(
        f"The best value of an option lies within {of_fit.EDGE:.0%} of an end of the range that `tune` searched (of its logarithm where "
        "it was drawn so), in the last search for this model on this table.",
        "What lies beyond the end was never tried and may be better.",
        "widen that range (`_space` in training/estimators/kinds) and search again; where the trials near the end differ little, leave it.",
    ),
    "no_better_than_score": Words(
        "At the primary horizon, the 95 % interval of the difference in Brier score, or in net benefit at one of the gate's "
        "`net_benefit_at`, to the published score that comes nearest in it does not exclude that the model is no better; on the same "
        "rows.",
        "A score that is published needs no fit, is known elsewhere, and then serves as well.",
        "judge more people, or give the model what the score does not have; where neither helps, use the score.",
    ),
    "outcome_like": Words(
        f"One column alone has an AUC of at least {of_data.OUTCOME_LIKE:g} (or at most {1 - of_data.OUTCOME_LIKE:g}) at the primary "
        f"horizon on the people judged; or whether it has a value has. At least {LEAST_EVENTS} people with the event and as many without "
        "it must tell.",
        "Nothing measured beforehand does that: the column was most likely written, or left empty, once the outcome was known, and will "
        "not be there when a risk is asked for.",
        "see when this value becomes known and give it its `available_at`, or take the column out of the task.",
    ),
    "thin_horizons": Words(
        f"Among the people judged, fewer than {LEAST_EVENTS} have the event within a horizon, or fewer are known to be free of it then, or "
        "nobody is followed so far.",
        "The risk at this horizon rests on too little and cannot be judged, so the gate holds every model back.",
        "pool more people or more follow-up, let cross-validation judge everybody in turn, or take that horizon out of the task.",
    ),
    "borrowed_burden": Words(
        "The task's `burden` says that its parameters are of simulated people, or not of whom they are, and the table is of real ones.",
        "How fast a person's burden grows is then drawn towards what was assumed of others, and is told as more or less sure than it is.",
        "python -m training burden --task TASK prints the parameters of your own people: put them in their place and build again; or take "
        "out `burden` and its columns.",
    ),
    "site_outcomes": Words(
        "Of one site half as many people or fewer, or twice as many or more, have the event within the primary horizon as are expected of "
        "its people judged, and an exact binomial test (all sites together expect as many as there were) says that this is not chance, at "
        f"a level of {of_sites.LEVEL:.0%} over all sites together. What is expected is the mean risk of the models that had not seen the "
        "person, times the share of the horizon that was followed.",
        "Its outcomes may be reported late, elsewhere or not at all, or otherwise than the others'. Whoever learns from them learns that "
        "its people do not progress; and a site of few events has no figures of its own that would show it.",
        "ask that site how, and up to when, it reports the event: are its outcomes reported? End its observation where the reports end, or "
        "leave its people out.",
    ),
}
