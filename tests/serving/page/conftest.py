"""The page as a person sees it: a server with two small models, and Debian's Chromium."""

import json
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from features import FeatureSpec
from serving.artifact import Artifact, Calibration
from serving.http.api import make_app
from serving.http.guarded import outermost
from serving.http.running.address import THIS_MACHINE
from serving.http.running.serve import server_of, take_port
from serving.http.watched import watched
from serving.models.event_free import EventFree
from serving.models.linear import HorizonLogistic
from training.estimators.design import fit_design
from training.plan import load_plan

INSTALL = "apt-get install chromium; pip install playwright axe-playwright-python (make tools)"
ROOT = Path(__file__).parents[3]
# As root without a sandbox; without the background network, of which there may be none.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
)
HORIZONS = (12, 24, 60)
LEVELS = {"m_protein": 0.9, "flc_ratio": 0.4, "bmpc": 0.3, "hemoglobin": -0.3, "creatinine": 0.1, "calcium": 0.05, "flc_involved": 0.1}
RANGES = {"m_protein": (0, 4), "flc_ratio": (0.3, 90), "bmpc": (5, 58), "hemoglobin": (8, 16), "creatinine": (0.5, 2)}
RANGES |= {"calcium": (8, 11), "flc_involved": (5, 900), "age": (40, 90)}


def small_artifact(task, version="7"):
    """Return a model whose risk rises with M-protein, marrow and the ratio, by hand; `halves` around it make its interval."""
    spec = FeatureSpec(tuple(LEVELS), ("ever",), ("last",), ("age",))
    columns = spec.columns()
    values = [np.linspace(*RANGES[name.split("__")[0]], 200) for name in columns]
    design = fit_design(np.column_stack(values), columns, columns, indicate=False)
    weights = np.array([LEVELS.get(name.split("__")[0], 0.1) for name in columns])
    model, *halves = (
        HorizonLogistic(design, weights * more, np.array([-2.6, -1.8, -0.9]) + shift, columns)
        for more, shift in ((1.0, 0.0), (1.1, 0.2), (0.9, -0.2))
    )
    about = {"task": task.name, "title": task.title, **task.rules.as_json(), "source": "simulated", "cohort_hash": "abc"}
    about |= {"reference": {}, "trained_on": {"patients": 1970, "patients_progressing": 419}}
    origin = {"model_name": f"{task.name}-progression", "model_version": version, "run_id": "r", "gate_verdict": "promote"}
    free = EventFree(0.05, 60.0, ((0.25,) * 4,) * len(HORIZONS)) if task.name == "smm" else None
    calibration = Calibration.identity(HORIZONS)
    return Artifact("logistic", model, spec, HORIZONS, calibration, about, origin, resampled=tuple(halves), event_free=free)


@pytest.fixture(scope="module")
def app():
    return make_app({name: small_artifact(load_plan(name, ROOT / "params.yaml").task) for name in ("smm", "relapse")})


@pytest.fixture(scope="module")
def address(app):
    """The address of a server of its own, which ends with the module."""
    taken = take_port(0)
    server = server_of(outermost(watched(app)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    yield f"http://{THIS_MACHINE}:{taken.getsockname()[1]}/"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip(f"Chromium is not installed, which looks at the page: {INSTALL}")
    library = pytest.importorskip("playwright.sync_api", reason=f"playwright is not installed, which drives Chromium: {INSTALL}")
    with library.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def examples():
    return {path.stem: json.loads(path.read_text()) for path in (ROOT / "serving/page/examples").glob("*.json")}


class Page:
    """The page in a window of its own, with what it complained of."""

    def __init__(self, browser, address, **options):
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        self.window, self.address = browser.new_context(**options), address
        self.page, self.complaints, self.asked = self.window.new_page(), [], []
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.going = 0
        self.page.set_default_timeout(60_000)
        self.page.on("request", self._began)
        self.page.on("requestfinished", self._ended)
        self.page.on("requestfailed", self._ended)
        self.page.goto(address)

    def _began(self, request):
        self.asked.append(request.url)
        self.going += 1

    def _ended(self, request):
        self.going -= 1

    def __getattr__(self, name):
        return getattr(self.page, name)

    def settle(self):
        """Wait until what was asked is shown."""
        self.until("(document.querySelector('#line').textContent || document.querySelector('#alert').textContent) && !calls", 60)

    def until(self, expression, seconds=10):
        """Wait until an expression is true: the browser's own way of waiting is code from a string, which the policy forbids."""
        ends = time.monotonic() + seconds
        while not self.page.evaluate(f"(calls) => Boolean({expression})", self.going):
            assert time.monotonic() < ends, expression
            self.page.wait_for_timeout(20)

    def example(self, name):
        self.page.evaluate("document.querySelector('#input').open = true")
        self.page.select_option("#example", name)
        self.page.click("#load")
        self.until("document.querySelector('#text').value")
        self.settle()
        return self

    def paste(self, text):
        self.page.evaluate("document.querySelector('#input').open = true")
        self.page.fill("#text", text if isinstance(text, str) else json.dumps(text))
        self.page.keyboard.press("Control+Enter")
        self.settle()
        return self

    def region(self, name):
        return self.page.get_by_role("region", name=name)

    @property
    def box(self):
        return self.page.locator("#box")


@pytest.fixture
def open_page(browser, address):
    """The way to open the page; windows are closed after the test."""
    opened = []

    def open_one(**options):
        opened.append(Page(browser, address, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.window.close()


@pytest.fixture
def page(open_page):
    return open_page()
