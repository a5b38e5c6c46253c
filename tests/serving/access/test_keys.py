"""API keys: made once, kept as hashes, compared in constant time."""

import hashlib
import hmac
import stat

import pytest

from myeloma import ConfigError
from serving.access.keys import make_key, read_keys


def test_a_key_is_accepted_under_its_name_and_its_file_holds_only_a_hash(tmp_path):
    path = tmp_path / "keys"
    ward, page = make_key("ward-3", path), make_key("page", path)
    keys = read_keys(path)
    assert (keys.holder(ward), keys.holder(page)) == ("ward-3", "page")
    assert ward not in path.read_text()
    assert hashlib.sha256(ward.encode()).hexdigest() in path.read_text()
    assert len(ward) >= 43, "256 bits"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("change", ["", " ", "x", "longer", "hash", "case"])
def test_nothing_else_is(tmp_path, change):
    path = tmp_path / "keys"
    key = make_key("ward-3", path)
    wrong = {"": "", " ": " ", "x": "x", "longer": f"{key}x", "hash": path.read_text()[:64], "case": key.swapcase()}[change]
    assert read_keys(path).holder(wrong) is None


def test_every_hash_is_compared_in_constant_time(tmp_path, monkeypatch):
    path = tmp_path / "keys"
    first = make_key("a", path)
    make_key("b", path)
    keys, compared = read_keys(path), []
    plain = hmac.compare_digest
    monkeypatch.setattr("serving.access.keys.hmac.compare_digest", lambda *both: compared.append(both) or plain(*both))
    for key in (first, "wrong"):
        compared.clear()
        keys.holder(key)
        assert len(compared) == 2


def test_comments_and_blank_lines_do_not_count_and_a_removed_line_ends_its_key(tmp_path):
    path = tmp_path / "keys"
    key, other = make_key("old", path), make_key("new", path)
    path.write_text("# of the ward\n\n" + "".join(line for line in path.read_text().splitlines(True) if "old" not in line))
    assert (read_keys(path).holder(key), read_keys(path).holder(other)) == (None, "new")


@pytest.mark.parametrize("name", ["", "Maria Meier", "a/b", "-x", "x" * 41, "ä", "a\nb"])
def test_a_name_is_one_word(tmp_path, name):
    with pytest.raises(ConfigError) as refused:
        make_key(name, tmp_path / "keys")
    assert not (tmp_path / "keys").exists()
    assert "Meier" not in str(refused.value)


def test_a_name_is_taken_once(tmp_path):
    make_key("ward-3", tmp_path / "keys")
    with pytest.raises(ConfigError, match="has a key named ward-3"):
        make_key("ward-3", tmp_path / "keys")


@pytest.mark.parametrize("content", ["", "# nothing\n", "secret-key-in-the-clear\n", "0" * 63 + "  a\n", "0" * 64 + "\n", "\udcff"])
def test_a_file_that_holds_something_else_is_refused_and_not_shown(tmp_path, content):
    path = tmp_path / "keys"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError) as refused:
        read_keys(path)
    assert refused.value.code == "key"
    assert "secret" not in str(refused.value)


def test_a_file_that_is_not_there_says_how_it_is_made(tmp_path):
    with pytest.raises(ConfigError, match="access-key"):
        read_keys(tmp_path / "none")
