"""OMOP from PostgreSQL, against a server of its own where one is installed."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest

from features.intake.quality import clean
from features.sources.mapping import parse_mapping
from features.sources.omop.reader import read_omop
from myeloma import DataError, StateError

pytestmark = pytest.mark.slow
PASSWORD = "S3CRET"
INSTALL = "apt-get install postgresql"
SETUP = """
    CREATE SCHEMA cdm;
    CREATE TABLE cdm.person (person_id int, gender_concept_id int, year_of_birth int, month_of_birth int, day_of_birth int);
    INSERT INTO cdm.person VALUES (1, 8532, 1950, 4, 9), (2, 8507, 1960, 1, 1);
    CREATE TABLE cdm.condition_occurrence (condition_occurrence_id int, person_id int, condition_concept_id int, condition_start_date date);
    INSERT INTO cdm.condition_occurrence VALUES (1, 1, 100, '2014-01-10'), (2, 1, 200, '2018-05-01');
    CREATE TABLE cdm.measurement (measurement_id bigint, person_id int, measurement_concept_id int, measurement_date date,
        measurement_datetime timestamptz, value_as_number numeric, operator_concept_id int, unit_concept_id int,
        measurement_source_value varchar(50));
    INSERT INTO cdm.measurement VALUES
        (41, 1, 3000963, '2014-01-10', null, 13.70, 0, 8713, 'hb'),
        (42, 1, 0, '2014-02-10', null, 1.5, 4171756, 8713, 'M''SPIKE, %'),
        (43, 1, 555, '2014-02-10', null, 80, 0, 0, 'pulse'),
        (44, 2, 3000963, '2014-01-10', null, 14, 0, 8713, 'hb');
    CREATE SCHEMA other;
    CREATE TABLE other.person (person_id int);
"""


def _server_user():
    """Return whom the server can run as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    return "postgres" if "postgres" in {user.pw_name for user in pwd.getpwall()} else pytest.skip(f"no user postgres: {INSTALL}")


@pytest.fixture(scope="module")
def server():
    """Start a server in a folder of its own, with a password, and return its connection string."""
    programs = [shutil.which("initdb") or "", *map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    binaries = next((Path(os.path.realpath(found)).parent for found in programs if found), None)
    if binaries is None:
        pytest.skip(f"PostgreSQL is not installed: {INSTALL}")
    user = _server_user()
    folder = Path(tempfile.mkdtemp(prefix="omop-test-"))
    folder.chmod(0o755)
    (folder / "password").write_text(PASSWORD)
    if user:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program, *words):
        subprocess.run([binaries / program, "-D", folder / "data", *words], check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    run("initdb", "-A", "scram-sha-256", "-U", "doctor", f"--pwfile={folder / 'password'}")
    run("pg_ctl", "-o", f"-p {port} -c unix_socket_directories= -h 127.0.0.1", "-l", folder / "log", "-w", "start")
    try:
        place = f"postgresql://doctor:{PASSWORD}@127.0.0.1:{port}/postgres"
        with psycopg.connect(place) as connection:
            connection.execute(SETUP)
        yield place
    finally:
        run("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


def read(place, **changed):
    mapping = {"index": [100], "progression": [200], "schema": "cdm", "biomarkers": {"M'SPIKE, %": "m_protein"}, **changed}
    return read_omop(place, parse_mapping(mapping, "m.yaml"))


def test_a_cohort_is_read_and_its_rows_are_named_by_their_key(server):
    source = read(server)
    measured = source.tables["measurements"][["biomarker", "value", "unit", "source_row"]].to_numpy().tolist()
    assert measured == [["hemoglobin", "13.70", "g/dL", 41], ["m_protein", "<1.5", "g/dL", 42]]
    assert any("1 of 4 rows of measurement have a code that is not mapped" in note and "555: 1 rows" in note for note in source.notes)
    cohort, quarantine = clean(source)
    assert quarantine.empty
    assert cohort.patients["birth_date"].dt.strftime("%Y-%m-%d").tolist() == ["1950-04-09"]
    assert cohort.events["kind"].tolist() == ["progression"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("doctor:S3CRET", "doctor:S3CRETS"), "the user name or the password is refused"),
        (("/postgres", "/S3CRETS"), "no database of that name"),
    ],
)
def test_who_may_not_in_is_told_why_and_nothing_of_the_connection_string(server, change, why):
    place = server.replace(*change) if change[0] != "/postgres" else server.rpartition("/")[0] + change[1]
    with pytest.raises(StateError, match=why) as refusal:
        read(place)
    assert "S3CRET" not in str(refusal.value)


def test_a_schema_without_the_tables_is_told(server):
    with pytest.raises(DataError, match="No table measurement, condition_occurrence"):
        read(server, schema="other")
    with pytest.raises(DataError, match='The schema "none" holds no table person'):
        read(server, schema="none")


ODD = """it's "cdm" {0} %s; --"""  # a name that SQL, and what fills in its templates, could stumble over


def test_names_may_hold_any_character_and_columns_may_be_text_or_in_capitals(server):
    name = '"' + ODD.replace('"', '""') + '"'
    with psycopg.connect(server) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
        for table, columns in (
            ("person", "person_id, gender_concept_id, year_of_birth, month_of_birth, day_of_birth"),
            ("condition_occurrence", "*"),
            ("measurement", "*"),
        ):
            connection.execute(f'CREATE TABLE {name}."{table.upper()}" AS SELECT {columns} FROM cdm.{table}'.encode())
        connection.execute(f"ALTER TABLE {name}.\"PERSON\" ADD COLUMN {name} text DEFAULT 'W'".encode())
        connection.execute(f'ALTER TABLE {name}."MEASUREMENT" RENAME COLUMN measurement_concept_id TO "MEASUREMENT_CONCEPT_ID"'.encode())
        for column in ("MEASUREMENT_CONCEPT_ID", "value_as_number", "measurement_id", "person_id"):
            connection.execute(f'ALTER TABLE {name}."MEASUREMENT" ALTER COLUMN "{column}" TYPE text'.encode())
    source = read(server, schema=ODD, sex={"read_from": ODD, "female": ["W"]})
    assert source.tables["patients"]["sex"].tolist() == ["female"]
    assert source.tables["measurements"]["value"].tolist() == ["13.70", "<1.5"]


def test_a_code_longer_than_a_concept_id_is_no_error(server):
    assert len(read(server, index=[100, 10000001000004105]).tables["patients"]) == 1


def test_tables_that_differ_in_letter_case_alone_are_named(server):
    with psycopg.connect(server) as connection:
        connection.execute('CREATE SCHEMA twice; CREATE TABLE twice.person (person_id int); CREATE TABLE twice."PERSON" (person_id int)')
    with pytest.raises(DataError, match="The database holds the tables PERSON and person"):
        read(server, schema="twice")


def test_a_query_that_is_refused_ends_in_a_message(server):
    with psycopg.connect(server) as connection:
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'S3CRET'; GRANT USAGE ON SCHEMA cdm TO guest")
        connection.execute("GRANT SELECT ON cdm.person, cdm.condition_occurrence TO guest; GRANT INSERT ON cdm.measurement TO guest")
    with pytest.raises(DataError, match=r"refused a query \(InsufficientPrivilege\)"):
        read(server.replace("doctor:", "guest:"))
