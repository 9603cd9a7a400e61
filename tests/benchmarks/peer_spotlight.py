"""Times Renumics Spotlight for `tests.benchmarks.peer`, whose Python environment lacks it.

    PYTHON peer_spotlight.py DATA BROWSER

PYTHON has ``renumics-spotlight`` and ``playwright``. Its last line of output is JSON: seconds by step.
"""

import importlib
import json
import os
import socket
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

_ACTS_A_ROUND = 5
_SIZE = {"width": 1360, "height": 860}
_FIRST = '[data-rowindex="0"][data-columnindex="1"]'
"""The score in the first row of the table."""

_TIMED = """
selector => {
  window.began = null;
  window.clicked = event => { if (window.began === null) window.began = performance.now(); };
  window.arm = () => {
    const text = () => document.querySelector(selector)?.textContent ?? "";
    const first = text();
    window.began = null;
    window.painted = new Promise(done => {
      const look = () => {
        // A change that is there when a frame begins is painted with it: the next task comes after.
        if (window.began !== null && text() && text() !== first)
          setTimeout(() => done((performance.now() - window.began) / 1000), 0);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
  };
  addEventListener("mousedown", window.clicked, true);
}
"""


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def _click(page: Any, x: float, y: float) -> float:  # noqa: ANN401
    """Click, and return the seconds until the table shows other rows."""
    page.evaluate("window.arm()")
    page.mouse.move(x, y)
    page.mouse.click(x, y)
    seconds: float = page.evaluate("window.painted")
    return seconds


def _centre(page: Any, selector: str) -> tuple[float, float]:  # noqa: ANN401
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _opened(page: Any, spotlight: Any, pandas: Any, data: Path) -> float:  # noqa: ANN401
    """Return the seconds from a folder of images to the first of them on the page."""
    layout, port = importlib.import_module("renumics.spotlight.layout"), _free_port()
    views = layout.layout(
        layout.split(
            layout.tab(layout.table(visible_columns=["image", "score"])),
            layout.tab(layout.histogram(column="score")),
            orientation="horizontal",
        ),
        layout.tab(layout.inspector()),
    )
    # Its server is started beforehand, as the window is.
    spotlight.show(pandas.DataFrame({"score": [0.0]}), no_browser=True, port=port, wait=False)
    page.goto(f"http://127.0.0.1:{port}/")
    began = time.perf_counter()
    paths = sorted(str(path) for path in (data / "images").rglob("*.jpg"))
    labels = [Path(path).parent.name for path in paths]
    table = pandas.DataFrame({"image": paths, "label": labels, "score": np.load(data / "scores.npy")})
    types = {"image": spotlight.Image}
    spotlight.show(table, dtype=types, no_browser=True, port=port, wait=False, layout=views)
    page.goto(f"http://127.0.0.1:{port}/")
    page.locator(_FIRST).wait_for()
    page.locator(_FIRST).click()  # Pictures are shown of selected rows alone.
    page.wait_for_function(
        "() => [...document.images].some(image => image.src.startsWith('blob:') && image.naturalWidth)"
    )
    return time.perf_counter() - began


def _measured(page: Any, data: Path) -> dict[str, list[float]]:  # noqa: ANN401
    pandas = importlib.import_module("pandas")
    spotlight = importlib.import_module("renumics.spotlight")
    opened = _opened(page, spotlight, pandas, data)
    seconds = {"folder": [opened], "project": [opened], "sort": [], "brush": []}
    page.evaluate(_TIMED, _FIRST)
    page.wait_for_timeout(1000)
    head = page.get_by_text("score", exact=True).first.bounding_box()
    for _ in range(2 * _ACTS_A_ROUND):
        if page.locator(".interactiveArea").count() and len(seconds["sort"]) == _ACTS_A_ROUND:
            break
        seconds["sort"].append(_click(page, head["x"] + 5, head["y"] + head["height"] / 2))
        page.wait_for_timeout(300)
    areas = page.locator(".interactiveArea")
    boxes = [areas.nth(place).bounding_box() for place in range(areas.count())]
    middles = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes]
    page.mouse.click(*middles[0])
    page.wait_for_timeout(1000)
    page.mouse.click(*_centre(page, '[data-test-tag="datagrid-selected-tab-button"]'))
    page.wait_for_timeout(1000)
    bars = cycle((2, 5, 7, 3, 6))
    for _ in range(_ACTS_A_ROUND):
        seconds["brush"].append(_click(page, *middles[next(bars)]))
        page.wait_for_timeout(300)
    return seconds


def main() -> None:
    """Print the seconds as JSON."""
    data, browser = Path(sys.argv[1]), sys.argv[2]
    os.environ["SPOTLIGHT_OPT_OUT"] = "1"  # It reports nothing to its makers.
    playwright = importlib.import_module("playwright.sync_api")
    importlib.import_module("renumics.spotlight")  # Its import is not timed, as the window's is not.
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"], headless=True)
        page = launched.new_page(viewport=_SIZE)
        page.set_default_timeout(300_000)
        seconds = _measured(page, data)
        launched.close()
    print(json.dumps(seconds), flush=True)
    os._exit(0)  # Its server need not be waited for.


if __name__ == "__main__":
    main()
