"""After a decision, MLflow's pages say what it made live: the pages of the trainings it touches, and the card of the version."""

from __future__ import annotations

import logging

from serving.store.champion import connect, registered_name
from serving.store.reading import runs_of
from training.card import card_of, facts_of, log_card
from training.places import EVALUATION, folder_of
from training.plan import Plan
from training.registry.ledger import Entry
from training.registry.training_page import describe_again
from training.tracking.run import Run


def retell(plan: Plan, entry: Entry) -> None:
    """Write anew what a decision changes of the pages: of the training that the version is of, and of that it replaced.

    The decision stands whatever comes of this: a run that is gone is passed over, and trouble with the store is told.
    """
    place, name = folder_of(plan.task.name, EVALUATION), registered_name(plan.task.name)
    of_version = {str(found.version): found.run_id or "" for found in connect().search_model_versions(f"name = '{name}'")}
    live = {"model": entry.model, "version": entry.version, "run_id": of_version.get(entry.version, "")}
    live |= {"at": entry.at, "action": entry.action, "reason": entry.reason}
    judged = [run for run in (Run(entity, place) for entity in runs_of(plan.task.name)) if run.is_judged_candidate]
    try:
        for version in dict.fromkeys([entry.replaced, entry.version]):
            if (run := Run.known(of_version.get(version, ""), plan.task, place)) is not None:
                describe_again(plan, judged, run, live)
                if version == entry.version:
                    log_card(card_of(facts_of(plan, run, version)), run.id)
    except OSError as error:
        logging.getLogger("training").warning("the pages in MLflow still say what was live before: %s", error.strerror or "trouble")
