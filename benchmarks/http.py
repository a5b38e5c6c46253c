"""One answer over HTTP beside a handler that does nothing, `mlflow models serve` and MLServer. Part of `make bench`, or with `--quick`.

Ours reads a history of 100 values, checks it, and answers with features, risks with intervals, exact SHAP values and the published scores.
The peers get one row of ready-made features and return a number of the newest registered booster of smm, without interval or explanation
(`make train TASKS=smm` registers one). Ours serves the version of that booster, and, where that is another, the champion too. All run at
once, each in processes of its own; they are asked in turns, first by one client, then by 16. CPU seconds of a server's processes stand
beside, because a busy machine distorts times. MLServer needs another environment, since it pins older libraries than ours:

    python -m venv .bench/mlserver
    .bench/mlserver/bin/pip install mlserver==1.7.1 mlserver-xgboost==1.7.1 xgboost-cpu
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from benchmarks import http_peers
from serving.models.boosted import Boosted
from serving.models.ensemble import Ensemble
from serving.store.champion import CHAMPION, load_numbered, registered_name, version_of_alias
from serving.store.client import connect

VALUES, VISITS, DAYS_BETWEEN = 100, 10, 150
ROUNDS, ASKED, CLIENTS = 5, 200, 16
MLSERVER = Path(".bench/mlserver/bin/mlserver")
STARTS_WITHIN = 120.0  # seconds
GOALS = {"p50_ms": 2.0, "p99_ms": 6.0, "times_no_op": 6.0, "times_mlflow": 20.0, "ready_s": 4.0}
_MEASURED = {
    "m_protein": (1.8, "g/dL"),
    "flc_kappa": (90.0, "mg/L"),
    "flc_lambda": (12.0, "mg/L"),
    "hemoglobin": (13.1, "g/dL"),
    "creatinine": (0.9, "mg/dL"),
    "calcium": (9.3, "mg/dL"),
    "igg": (2100.0, "mg/dL"),
    "iga": (80.0, "mg/dL"),
    "igm": (42.0, "mg/dL"),
    "bmpc": (14.0, "%"),
}


@dataclass
class Contestant:
    """A server: how it is started, what it is asked, and what was measured of it."""

    name: str
    command: list[str]
    path: str
    body: bytes
    port: int
    folder: Path | None = None
    alone: list[float] = field(default_factory=list)  # seconds of each request of one client
    together: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)  # requests a second of all clients
    cpu: list[float] = field(default_factory=list)  # seconds of CPU a request
    ready: float = float("nan")
    process: subprocess.Popen[bytes] | None = None


def history() -> bytes:
    """Return a request with a history of 100 values."""
    rng, first = np.random.default_rng(1), date(2018, 1, 10)
    days = [first + timedelta(days=DAYS_BETWEEN * visit) for visit in range(VISITS)]
    measured = [
        {"collected_at": f"{day}", "biomarker": name, "value": round(value * rng.uniform(0.9, 1.1), 2), "unit": unit}
        for day in days
        for name, (value, unit) in _MEASURED.items()
    ]
    assert len(measured) == VALUES
    about = {"index_date": f"{first}", "birth_date": "1950-05-02", "sex": "female", "light_chain": "kappa", "heavy_chain": "IgG"}
    return json.dumps({"task": "smm", "patient": about, "measurements": measured}).encode()


def contestants(folder: Path) -> list[Contestant]:
    """Return who takes part; MLServer where it is installed."""
    version, boosted = newest_booster()
    booster, columns = boosted.booster, [*boosted.columns, "horizon"]
    row = [*np.random.default_rng(1).standard_normal(len(boosted.columns)).tolist(), float(boosted.horizons[0])]
    found, body, ports = [], history(), iter(_free_ports(9))

    def add(name: str, command: list[str], path: str, sent: bytes, port: int, place: Path | None = None) -> None:
        found.append(Contestant(name, command, path, sent, port, place))

    champion = version_of_alias("smm", CHAMPION)
    deployed = {} if champion is None or champion.version == version else {"ours, champion": champion.version}
    for name, pinned in ({"ours": version} | deployed).items():
        port = next(ports)
        serve = [sys.executable, "-P", "-m", "serving", "api", "--task", "smm", "--pin", f"smm={pinned}", "--port", str(port)]
        add(name, serve, "/v1/risk", body, port)
    port = next(ports)
    add("no-op", [sys.executable, "-P", "-m", "benchmarks.http_peers", str(port)], http_peers.NO_OP, body, port)
    port = next(ports)
    http_peers.save_for_mlflow(booster, columns, folder / "mlflow")
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(folder / "mlflow"), "--env-manager", "local", "-p", str(port)]
    sent = json.dumps({"dataframe_split": {"columns": columns, "data": [row]}}).encode()
    add("mlflow models serve", command, "/invocations", sent, port)
    if MLSERVER.is_file():
        port = next(ports)
        http_peers.save_for_mlserver(booster, folder / "mlserver", (port, next(ports), next(ports)))
        shape = {"name": "x", "shape": [1, len(row)], "datatype": "FP32", "data": row}
        sent = json.dumps({"inputs": [shape]}).encode()
        add("MLServer", [str(MLSERVER.absolute()), "start", str(folder / "mlserver")], "/v2/models/booster/infer", sent, port)
    else:
        print(f"MLServer is left out: {MLSERVER} is not there (see {Path(__file__).name})")
    return found


def newest_booster() -> tuple[str, Boosted]:
    """Return the newest version of smm that has a booster, with it."""
    versions = connect().search_model_versions(f"name = '{registered_name('smm')}'")
    for version in sorted((str(one.version) for one in versions), key=int, reverse=True):
        model = load_numbered("smm", version).model
        boosted = model.members.get("boosting") if isinstance(model, Ensemble) else model
        if isinstance(boosted, Boosted):
            return version, boosted
    raise SystemExit("no registered version of smm has a booster: make train TASKS=smm")


def start(one: Contestant, log: Path) -> None:
    """Start a server, wait until it answers, and note how long that took."""
    began = time.perf_counter()
    with log.open("wb") as out:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # MLflow starts uvicorn by its name
        environment = os.environ | {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "PATH": path}
        one.process = subprocess.Popen(one.command, stdout=out, stderr=out, env=environment, start_new_session=True)
    while time.perf_counter() - began < STARTS_WITHIN and one.process.poll() is None:
        try:
            ask(one, 1)
        except (OSError, ValueError):
            time.sleep(0.02)
        else:
            one.ready = time.perf_counter() - began
            return
    raise SystemExit(f"{one.name} does not answer; it said:\n{log.read_text(errors='replace')[-2000:]}")


def ask(one: Contestant, times: int) -> list[float]:
    """Return the seconds of each of so many requests over one connection.

    Raises
    ------
    ValueError
        An answer is none.
    """
    head = f"POST {one.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(one.body)}\r\n\r\n"
    sent, seconds = head.encode() + one.body, []
    with socket.create_connection(("127.0.0.1", one.port), timeout=60) as to:
        to.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(times):
            began = time.perf_counter()
            to.sendall(sent)
            status = _answer(to)
            seconds.append(time.perf_counter() - began)
            if status != 200:
                raise ValueError(f"{one.name} answers {status}")
    return seconds


def _answer(to: socket.socket) -> int:
    """Read an answer to its end and return its status."""
    got = b""
    while b"\r\n\r\n" not in got:
        if not (more := to.recv(65536)):
            raise ValueError("the connection ended")
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    left = int(lines[b"content-length"]) - len(body)
    while left > 0:
        left -= len(to.recv(min(left, 65536)))
    return int(head.split(b" ", 2)[1])


def turn(one: Contestant, asked: int) -> None:
    """Ask one server, by one client and by several at once."""
    assert one.process is not None
    before = cpu_of(one.process.pid)
    one.alone += ask(one, asked)
    one.cpu.append((cpu_of(one.process.pid) - before) / asked)
    began, each = time.perf_counter(), max(1, asked // CLIENTS)
    clients = [threading.Thread(target=lambda: one.together.extend(ask(one, each))) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    one.rate.append(each * CLIENTS / (time.perf_counter() - began))


def cpu_of(process: int) -> float:
    """Return the seconds of CPU that a process and its descendants took so far (Linux)."""
    stats = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            stats.append((int(place.parent.name), place.read_text().rpartition(") ")[2].split()))
        except OSError:  # it has ended
            continue
    family = {process}
    while more := {one for one, fields in stats if int(fields[1]) in family} - family:
        family |= more
    ticks = sum(int(fields[11]) + int(fields[12]) for one, fields in stats if one in family)
    return ticks / os.sysconf("SC_CLK_TCK")


def tell(found: list[Contestant]) -> None:
    """Print the table, and which goals hold."""
    columns = ("p50 ms", "p99 ms", "CPU ms", "req/s", f"p50 of {CLIENTS}", f"p99 of {CLIENTS}", f"req/s of {CLIENTS}", "ready s")
    print(" " * 20 + "".join(f"{column:>13}" for column in columns))
    rates, cpus = {}, {}
    for one in found:
        alone, together = (1000 * np.quantile(times, (0.5, 0.99)) for times in (one.alone, one.together))
        rates[one.name], cpus[one.name] = statistics.median(one.rate), 1000 * statistics.median(one.cpu)
        cells = (*alone, cpus[one.name], len(one.alone) / sum(one.alone), *together, rates[one.name], one.ready)
        print(f"{one.name:<20}" + "".join(f"{cell:>13.2f}" for cell in cells))
    (no_op,) = (one for one in found if one.name == "no-op")
    for ours in (one for one in found if one.name.startswith("ours")):
        print(f"{ours.name}: by CPU, one request costs {cpus[ours.name] / cpus['no-op']:.1f} times the no-op's")
        for holds, said in goals_of(ours, no_op, rates):
            print(f"{'holds  ' if holds else 'MISSED '} {said}")


def goals_of(ours: Contestant, no_op: Contestant, rates: dict[str, float]) -> list[tuple[bool, str]]:
    """Return whether each goal holds for a server of ours, in words; `rates` are requests a second of all clients, by server."""
    p50, p99 = 1000 * np.quantile(ours.alone, (0.5, 0.99))
    times = p50 / (1000 * np.median(no_op.alone))
    goals = [
        (p50 < GOALS["p50_ms"], f"p50 {p50:.2f} ms, aim below {GOALS['p50_ms']:g}"),
        (p99 < GOALS["p99_ms"], f"p99 {p99:.2f} ms, aim below {GOALS['p99_ms']:g}"),
        (times <= GOALS["times_no_op"], f"p50 {times:.1f} times the no-op's, aim {GOALS['times_no_op']:g}"),
        (ours.ready < GOALS["ready_s"], f"ready in {ours.ready:.1f} s, aim below {GOALS['ready_s']:g}"),
    ]
    for peer, least in (("mlflow models serve", GOALS["times_mlflow"]), ("MLServer", 1.0)):
        if peer in rates:
            faster = rates[ours.name] / rates[peer]
            goals.append((faster >= least, f"throughput {faster:.1f} times that of {peer}, aim {least:g}"))
    return goals


def _free_ports(number: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


def main() -> int:
    """Run the race."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few requests")
    rounds, asked = (1, 32) if parser.parse_args().quick else (ROUNDS, ASKED)
    found: list[Contestant] = []
    with tempfile.TemporaryDirectory() as made:
        try:
            found = contestants(Path(made))
            for one in found:
                start(one, Path(made) / f"{one.name}.log")
                ask(one, asked // 4)  # what is made once is made now
            for _ in range(rounds):
                for one in found:
                    turn(one, asked)
        finally:
            for one in found:
                if one.process is not None and one.process.poll() is None:  # one that did not start has said why
                    os.killpg(one.process.pid, signal.SIGTERM)
                    one.process.wait()
    tell(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
