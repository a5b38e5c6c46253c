"""Where Conditions of the diagnosis say several days, a note tells which was taken."""

from tests.serving.http.fhir.bundles import bundle, condition, person, post


def notes(client, *more):
    response = post(client, bundle(*person(), *more))
    return [note["text"] for note in response.json()["note"] if "say several days" in note["text"]]


def test_the_day_that_is_taken_and_the_others_are_told(client):
    (note,) = notes(client, condition(id="c2", day="2018-01-01"), condition(id="c3", day="2019-01-01"))
    assert "the earliest, 2018-01-01, is taken" in note and note.endswith("others: 2019-01-01, 2022-01-10")


def test_of_one_day_nothing_is_told(client):
    assert notes(client, condition(id="c2")) == []
    assert notes(client) == []
