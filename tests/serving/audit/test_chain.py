"""The chain: every line holds the keyed hash of the one before; an edit, a gap, a swap, a forged line is found and the first is named."""

import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from myeloma import ConfigError, StateError
from serving.audit.chain import check_chain, make_audit_key, read_audit_key, sealed_line
from serving.audit.log import AuditError, AuditLog

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "audit.jsonl"


@pytest.fixture
def log(path):
    opened = AuditLog(path, KEY)
    for n in range(5):
        opened.note("start", port=n)
    opened.close()
    return path


def broken(path, key=KEY):
    found = check_chain(path, key).broken
    return found and (found.line, found.record)


def test_a_log_that_nobody_touched_holds_and_is_gone_on_with(log):
    assert (check_chain(log, KEY).records, broken(log)) == (5, None)
    again = AuditLog(log, KEY)
    again.note("stop")
    again.close()
    assert (check_chain(log, KEY).records, broken(log)) == (6, None)
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert [record["n"] for record in records] == [1, 2, 3, 4, 5, 6]
    assert [record["before"] for record in records[1:]] == [record["mac"] for record in records[:-1]]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def edited(lines):
    return [lines[0], lines[1].replace(b'"port":1', b'"port":9'), *lines[2:]]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (edited, (2, 2)),
        (lambda lines: [*lines[:2], *lines[3:]], (3, 3)),
        (lambda lines: lines[1:], (1, 1)),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], (2, 2)),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], (4, 4)),
        (lambda lines: [*lines[:3], sealed_line(OTHER, {"n": 4, "before": "0" * 64})[0], *lines[3:]], (4, 4)),
        (lambda lines: [*lines[:3], b"{}\n", *lines[3:]], (4, 4)),
        (lambda lines: [*lines[:3], b"\n", *lines[3:]], (4, 4)),
        (lambda lines: [*lines[:2], lines[2][:40] + b"\n", *lines[3:]], (3, 3)),
        (lambda lines: [*lines[:4], lines[4].replace(b'"port":4', b'"port":5')], (5, 5)),
    ],
)
def test_the_first_record_that_is_not_as_it_was_written_is_named(log, change, place):
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(change(lines)))
    assert broken(log) == place


def test_records_that_were_taken_from_the_end_are_found_by_a_hash_that_was_noted_before(log):
    head = check_chain(log, KEY).heads[-1]
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:3]))
    found = check_chain(log, KEY)
    assert (found.broken, head in found.heads) == (None, False)


def test_another_key_opens_nothing(log):
    assert broken(log, OTHER) == (1, 1)
    with pytest.raises(StateError, match="another key"):
        AuditLog(log, OTHER)


def test_a_last_record_that_was_changed_is_not_gone_on_with(log):
    log.write_bytes(log.read_bytes().replace(b'"port":4', b'"port":5'))
    with pytest.raises(StateError, match="was changed"):
        AuditLog(log, KEY)


def test_a_record_in_the_middle_that_was_changed_is_not_gone_on_with(log):
    log.write_bytes(edited_content(log))
    with pytest.raises(StateError, match="line 2: record 2 is not as it was written"):
        AuditLog(log, KEY)


def edited_content(log):
    return b"".join(edited(log.read_bytes().splitlines(keepends=True)))


@pytest.mark.parametrize("cut", [1, 2, 40, 300])
def test_a_line_that_a_kill_cut_off_is_named_at_the_end_and_by_the_next_record(log, cut):
    whole = log.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    cut = min(cut, len(last) - 1)
    log.write_bytes(whole[: len(whole) - cut])
    found = check_chain(log, KEY)
    lost = cut > 1  # without its line break alone a record is whole
    assert (found.records, found.torn, found.broken) == (4 if lost else 5, len(last) - cut if lost else 0, None)
    opened = AuditLog(log, KEY)
    opened.note("start")
    opened.close()
    found = check_chain(log, KEY)
    assert (found.records, found.torn, found.mended, found.broken) == (5 if lost else 6, 0, int(lost), None)


@pytest.mark.parametrize("end", [b"", b"\n", b'\n{"n":6,', b'\n{"n":6\n{"n":6,"k'])
def test_several_kills_in_a_row_are_named_together(log, end):
    log.write_bytes(log.read_bytes() + b'{"n":6,"kind":"st' + end)
    opened = AuditLog(log, KEY)
    opened.note("start")
    opened.note("stop")
    opened.close()
    found = check_chain(log, KEY)
    assert (found.records, found.mended, found.broken) == (7, 1, None)


def test_what_was_cut_off_cannot_be_changed_afterwards(log):
    log.write_bytes(log.read_bytes()[:-20])
    opened = AuditLog(log, KEY)
    opened.note("start")
    opened.close()
    log.write_bytes(log.read_bytes().replace(b'"port":4', b'"port":5'))
    assert broken(log) == (5, 5)


def test_a_process_that_is_killed_while_it_writes_leaves_at_most_a_torn_end(root, path):
    code = (
        "import sys; from pathlib import Path; from serving.audit.log import AuditLog\n"
        "log = AuditLog(Path(sys.argv[1]), bytes(range(32))); print('on', flush=True)\n"
        "while True: log.note('start', much='x' * 5000)"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=root, stdout=subprocess.PIPE)
    assert writer.stdout.readline() == b"on\n"
    while path.stat().st_size < 500_000:
        pass
    writer.kill()
    writer.wait()
    writer.stdout.close()
    opened = AuditLog(path, KEY)
    opened.note("stop")
    opened.close()
    assert check_chain(path, KEY).broken is None


def test_two_threads_at_once_write_one_chain(path):
    opened = AuditLog(path, KEY)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: opened.note("start", n_of=n), range(400)))
    opened.close()
    found = check_chain(path, KEY)
    assert (found.records, found.broken) == (400, None)
    assert {json.loads(line)["n_of"] for line in path.read_text().splitlines()} == set(range(400))


def test_two_servers_do_not_write_one_log(log):
    first = AuditLog(log, KEY)
    with pytest.raises(StateError) as refused:
        AuditLog(log, KEY)
    assert refused.value.code == "busy"
    first.close()


def test_a_full_disk_is_told_and_the_next_record_names_what_was_cut_off(log, monkeypatch):
    import serving.audit.log as module

    opened, plain = AuditLog(log, KEY), module.os.write
    monkeypatch.setattr(module.os, "write", lambda file, content: plain(file, content[:50]))
    with pytest.raises(AuditError):
        opened.note("start")
    monkeypatch.setattr(module.os, "write", plain)
    opened.note("start")
    opened.close()
    found = check_chain(log, KEY)
    assert (found.records, found.mended, found.broken) == (6, 1, None)


def test_a_key_is_made_once_and_readable_by_its_owner_alone(tmp_path):
    path = tmp_path / "key"
    make_audit_key(path)
    assert (len(read_audit_key(path)), stat.S_IMODE(path.stat().st_mode)) == (32, 0o600)
    with pytest.raises(ConfigError, match="is there already"):
        make_audit_key(path)


@pytest.mark.parametrize("content", ["", "x", "00" * 31, "zz" * 32])
def test_what_is_no_key_is_refused(tmp_path, content):
    (tmp_path / "key").write_text(content)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(ConfigError, match="holds no key"):
        read_audit_key(tmp_path / "key")


def test_a_key_that_everybody_may_read_is_refused(tmp_path):
    make_audit_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(ConfigError, match="Everybody"):
        read_audit_key(tmp_path / "key")
