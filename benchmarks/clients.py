"""Many clients at once against a server of its own process: which statuses they get, how fast, and whether its memory stays level.

`python -m benchmarks.clients --clients 200 --seconds 300` in a checkout with champions.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

REQUEST = Path(__file__).parents[1] / "docs" / "example_request.json"
_JSON = {"content-type": "application/json"}


@dataclass
class Told:
    """What all clients were told: statuses, seconds of each answer that was given, and 503s that did not say when to come again."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    without_retry: int = 0


def ask_together(port: int, body: bytes, clients: int, seconds: float) -> Told:
    """Return what so many clients are told who ask again and again for some seconds, each after its answer."""
    told, lock, ends = Told(), threading.Lock(), time.monotonic() + seconds

    def ask() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        while time.monotonic() < ends:
            began = time.perf_counter()
            try:
                connection.request("POST", "/v1/risk", body, _JSON)
                answer = connection.getresponse()
                answer.read()
                status, retry = str(answer.status), answer.getheader("Retry-After")
            except (OSError, HTTPException) as error:
                connection.close()
                status, retry = type(error).__name__, None
            with lock:
                told.statuses[status] += 1
                told.without_retry += status == "503" and retry is None
                if status == "200":
                    told.seconds.append(time.perf_counter() - began)
            if status == "503":
                time.sleep(float(retry or 1))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def _resident(process: int) -> int:
    """Return the megabytes that a process holds in memory."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) // 1024


def main() -> None:
    """Start a server, ask it, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--port", type=int, default=8765)
    given = parser.parse_args()
    server = subprocess.Popen([sys.executable, "-m", "serving", "api", "--port", str(given.port)])
    try:
        body, memory = REQUEST.read_bytes(), []
        while "200" not in ask_together(given.port, body, 1, 1).statuses:  # models are being loaded
            time.sleep(1)
        for _ in range(10):
            told = ask_together(given.port, body, given.clients, given.seconds / 10)
            memory.append(_resident(server.pid))
            ordered = sorted(told.seconds) or [float("nan")]
            times = {"p50_s": round(ordered[len(ordered) // 2], 2), "p99_s": round(ordered[-1 - len(ordered) // 100], 2)}
            said = {"statuses": dict(told.statuses), "without_retry": told.without_retry, "memory_mb": memory[-1]}
            print(json.dumps({**said, **times}), flush=True)
        print(f"memory: {memory[0]} MB after a tenth of the time, {memory[-1]} MB at the end")
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()
