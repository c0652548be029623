"""Worker pages in a real browser: rendered from a manifest line, opened with the stand-in elements, answered by mouse and keyboard."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Dialog, Locator, sync_playwright
from playwright.sync_api import Page as BrowserPage

from consolidation.batch import Job, consolidate
from labeljob.local_store import LocalStore
from labeljob.preview.server import PreviewServer
from labeljob.preview.session import Preview
from labeljob.simulation.manifest import parse_manifest
from shared.contract import AnnotatedDataObject
from shared.json_node import JsonNode
from shared.settings import Settings
from tests.payloads import ARTEFACTS, WORKERS, answer

TEMPLATES = Path(__file__).parents[2] / "worker_templates"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
IMAGE = "s3://acme-in/roads/0007.png"
SIZE = (120, 90)
_PICTURES_ARE_THERE = """() => [...document.querySelectorAll("[src]")]
  .filter((element) => element.localName.startsWith("crowd-")).every((element) => "ready" in element.dataset || element.problems?.length)"""
HOSTILE = "</script><script>alert('x')</script> \"quoted\" 'l''été' {{ task.input }} {% raw %} 😀 &amp; <b>"
"""What a manifest may hold: it must reach workers letter by letter, and run nothing."""


@dataclass
class WorkerPage:
    """A worker page that is open in the browser.

    Attributes:
        page: of the browser.
        preview: what it shows.
        artefacts: folder of what labels refer to.
        trouble: errors and dialogs of the page.
        expected: problems that the stand-ins show on purpose.
    """

    page: BrowserPage
    preview: Preview
    artefacts: Path
    trouble: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def refuse(self, dialog: Dialog) -> None:
        """No page of ours opens a dialog: only text that runs as script would."""
        self.trouble.append(dialog.message)
        dialog.dismiss()

    def element(self, selector: str) -> Locator:
        """An element of the page, also inside the stand-ins."""
        return self.page.locator(selector)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where on the screen a pixel of the image is."""
        box = self.element(".stage > img").bounding_box()
        assert box is not None
        width, height = SIZE
        return box["x"] + x / width * box["width"], box["y"] + y / height * box["height"]

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press the mouse on a pixel, move, release."""
        self.page.mouse.move(*self.place(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.place((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        self.page.mouse.move(*self.place(*end))
        self.page.mouse.up()

    def click(self, *places: tuple[int, int]) -> None:
        """Click on pixels of the image, one after the other."""
        for x, y in places:
            self.page.mouse.click(*self.place(x, y))

    def button(self, name: str) -> None:
        """Press the button of this name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def submit(self) -> dict[str, Any]:
        """Submit the form and return the answer as the page sent it."""
        self.page.get_by_role("button", name="Submit").click()
        result = self.element("preview-result")
        result.wait_for()
        shown: dict[str, Any] = result.evaluate(
            "result => ({answer: result.answer, outcome: result.outcome})"
        )
        assert "error" not in shown["outcome"], shown["outcome"]
        assert shown["outcome"]["label"]["consolidation"]["workers"] == 1
        sent: dict[str, Any] = shown["answer"]
        return sent

    def label(self, mine: dict[str, Any], *others: dict[str, Any], **settings: Any) -> dict[str, Any]:
        """The label of this page's answer and those of other workers."""
        answers = [answer(worker, **each) for worker, each in zip(WORKERS, (mine, *others), strict=False)]
        entry = {
            "datasetObjectId": "0",
            "dataObject": self.preview.line.data_object,
            "annotations": json.loads(json.dumps(answers)),
        }
        job = Job("label", self.preview.categories or tuple(self.preview.task_input["labels"]), ARTEFACTS)
        data_object = AnnotatedDataObject.parse(JsonNode(entry))
        (reply,) = consolidate(job, [data_object], LocalStore(self.artefacts), Settings(**settings))
        written: dict[str, Any] = json.loads(json.dumps(reply.label))
        assert "error" not in written, written
        return written

    def mask(self, label: dict[str, Any]) -> Any:
        """The pixels of a label's mask, as numbers."""
        with Image.open(self.artefacts / label["mask-ref"].rpartition("/")[2]) as image:
            return np.array(image)


OpenPage = Callable[..., WorkerPage]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for the tests of a module, with a fresh profile."""
    program = os.environ.get("BROWSER_PROGRAM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        reason = (
            "no Chromium: apt-get install chromium, or name one in BROWSER_PROGRAM, to test the worker pages"
        )
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[OpenPage]:
    """Open the page of a template for a manifest line; at the end, nothing may have gone wrong on it."""
    with Image.fromarray(picture()) as image:
        image.save(tmp_path / "0007.png")
    opened: list[tuple[WorkerPage, PreviewServer, threading.Thread]] = []

    def start(template: str | Path, line: dict[str, Any], **settings: Any) -> WorkerPage:
        named = TEMPLATES / f"{template}.liquid.html" if isinstance(template, str) else template
        manifest = tmp_path / "input.manifest"
        manifest.write_text(json.dumps(line) + "\n")
        (parsed,) = parse_manifest(manifest.read_bytes()).lines
        preview = Preview.of_line(named, str(manifest), parsed, settings=Settings(**settings))
        assert preview.findings == () or named.parent == tmp_path
        server = PreviewServer(preview)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        shown = WorkerPage(page, preview, tmp_path / "artefacts")
        opened.append((shown, server, thread))
        page.on("pageerror", lambda error: shown.trouble.append(str(error)))
        page.on("console", lambda told: shown.trouble.append(told.text) if told.type == "error" else None)
        page.on("dialog", shown.refuse)
        page.goto(server.url)
        page.wait_for_selector("html[data-ready]")
        page.wait_for_function(_PICTURES_ARE_THERE)
        return shown

    yield start
    for shown, server, thread in opened:
        problems = shown.page.locator(".problems li").all_inner_texts()
        if folder := os.environ.get("SCREENSHOTS"):
            name = f"{shown.preview.template.name.partition('.')[0]}-{shown.preview.workers}.png"
            shown.page.screenshot(path=Path(folder) / name, full_page=True)
        shown.page.close()
        server.shutdown()
        server.server_close()
        thread.join()
        assert problems == shown.expected
        assert shown.trouble == []


def picture() -> Any:
    """An image on which places can be told apart: uint8, shape (90, 120, 3)."""
    rows, columns = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    grey = 150 + rows // 3 + (rows // 15 + columns // 15) % 2 * 40
    return np.stack([grey, grey, grey + columns // 8], axis=-1).astype(np.uint8)
