"""The race of servers takes the booster that is registered, whichever model is live, and the champion where that is another."""

from types import SimpleNamespace

import pytest

from benchmarks import http
from benchmarks.http import contestants, newest_booster
from serving.models.boosted import Boosted
from serving.store.champion import load_numbered


@pytest.mark.parametrize("live", ["the booster", "another", "none"])
def test_the_booster_takes_part_whoever_is_champion_and_a_champion_that_is_another_too(trained, monkeypatch, tmp_path, live):
    version, boosted = newest_booster()
    assert isinstance(boosted, Boosted) and load_numbered("smm", version).horizons == boosted.horizons
    champion = {"the booster": SimpleNamespace(version=version), "another": SimpleNamespace(version="99"), "none": None}[live]
    monkeypatch.setattr(http, "version_of_alias", lambda *_: champion)
    monkeypatch.setattr(http.http_peers, "save_for_mlflow", lambda *_: None)
    monkeypatch.setattr(http, "MLSERVER", tmp_path / "not there")
    found = contestants(tmp_path)
    pins = {one.name: one.command[one.command.index("--pin") + 1] for one in found if one.name.startswith("ours")}
    assert pins == {"ours": f"smm={version}"} | ({"ours, champion": "smm=99"} if live == "another" else {})
