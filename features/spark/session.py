"""A Spark session, and what goes wrong in Spark said as everything else that goes wrong is said."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from myeloma import ConfigError, DataError, StateError, UserError

Work = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]

_REFUSED = "refused by myeloma-precursor-risk: "
_KINDS = {kind.__name__: kind for kind in (ConfigError, DataError, StateError, UserError)}
_PROGRAM = str(Path(__file__).parents[2])
_PAGE = "docs/spark.md says how a job is submitted and where Spark's own log is."
# Of a session that nobody submitted: on this machine alone, without a page for the network, and silent; what is refused is said by us.
_HERE = {"spark.ui.enabled": "false", "spark.log.level": "OFF", "spark.sql.session.timeZone": "UTC"}


@contextmanager
def spark_session() -> Iterator[SparkSession]:
    """Give the session that runs, that of `spark-submit`, or one on this machine, which is stopped at the end.

    Raises
    ------
    ConfigError
        There is no Java, or Spark does not start.
    UserError
        What the work on a partition refused, as it was raised there.
    StateError
        Spark could not finish.
    """
    running = SparkSession.getActiveSession()
    session = running or _started(SparkSession.builder.appName("myeloma-precursor-risk"))
    try:
        yield session
    except (PySparkException, Py4JError) as error:
        raise _in_our_words(error) from None
    finally:
        if running is None:
            session.stop()


def _started(builder: SparkSession.Builder) -> SparkSession:
    if not {"PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS", "SPARK_REMOTE"} & os.environ.keys():  # nobody submitted it: it runs here
        _require_java()
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [_PROGRAM, os.environ.get("PYTHONPATH", "")]))
        os.environ["PYTHONSAFEPATH"] = "1"  # workers run this program, not another checkout that they happen to start in
        for name, value in (_HERE | {"spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower()}).items():
            builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except PySparkException as error:
        hint = f"it needs Java 17 or later (java -version), and memory for it. {_PAGE}"
        raise ConfigError(f"Spark did not start ({error.getCondition() or type(error).__name__}).", hint, "spark_failed") from None


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if not (Path(home, "bin", "java").is_file() if home else shutil.which("java")):
        where = f"JAVA_HOME is {home}, which has no bin/java" if home else "there is no java on the PATH"
        hint = "install Java 17 (Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME to where it is."
        raise ConfigError(f"Spark needs Java: {where}.", hint, "no_java")


def guarded(work: Work) -> Work:
    """Return the work on a partition, of which what is refused crosses over from the worker to who asked."""

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            yield from work(batches)
        except UserError as error:
            said = [type(error).__name__, error.what, error.hint, error.code]
            raise RuntimeError(_REFUSED + json.dumps(said)) from None

    return run


def _in_our_words(error: Exception) -> UserError:
    """Return what was refused on a worker; of what else ended the job only its kind, since Spark repeats rows in its messages."""
    if found := re.search(re.escape(_REFUSED) + r"(\[.*\])", str(error)):
        kind, *said = json.loads(found[1])
        return _KINDS.get(kind, UserError)(*said)
    condition = getattr(error, "getCondition", lambda: None)() or type(error).__name__
    if missing := re.search(r"ModuleNotFoundError: No module named '([\w.]+)'", str(error)):
        return StateError(f"The workers of Spark have no {missing[1]}.", f"give them this environment. {_PAGE}", "spark_failed")
    return StateError(f"Spark could not finish ({condition}).", _PAGE, "spark_failed")
