"""Sites are called by their names where these are codes, else by the numbers of `ingest`; the names stay beside the evaluation."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from features import FeatureTable
from features.cohort.sites import numbered
from training.metrics.names import site_subsets
from training.rows.site_names import called, with_numbered_sites, write_sites

NAMES = ["Klinikum Süd", "A1", "Dr. Meier"]


def table(sites):
    return FeatureTable(pd.DataFrame({"site": sites}), SimpleNamespace(), {})


def test_they_are_called_as_ingest_calls_them():
    assert called([*NAMES, "", None, np.nan]) == {name: numbered(NAMES)[name] for name in NAMES}
    assert called(["north", "B2"]) == {"north": "north", "B2": "B2"}


def test_no_name_is_in_the_figures_of_a_table_whose_sites_are_no_codes():
    rows = with_numbered_sites(table([*NAMES, ""])).rows
    assert rows["site"].tolist() == ["no. 3", "no. 1", "no. 2", ""]
    assert set(site_subsets(rows["site"])) & set(NAMES) == set()


def test_a_table_of_codes_stays_as_it_is():
    of_codes = table(["north", "B2", "", None])
    assert with_numbered_sites(of_codes) is of_codes


def test_who_runs_the_evaluation_can_read_which_number_is_which(tmp_path):
    write_sites(pd.Series([*NAMES, ""]), tmp_path)
    assert pd.read_csv(tmp_path / "sites.csv").set_index("called")["site"].to_dict() == {
        "no. 1": "A1",
        "no. 2": "Dr. Meier",
        "no. 3": "Klinikum Süd",
    }
    write_sites(pd.Series(["A1"]), tmp_path)
    assert not (tmp_path / "sites.csv").exists()
