"""The preview: its server, its data objects, its labels, its command."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labeljob.cli import main
from labeljob.preview.server import PreviewServer
from labeljob.preview.session import Preview
from labeljob.simulation.manifest import parse_manifest
from shared.errors import ContractError
from shared.settings import Settings
from tests.elements import boxes_element

ROOT = Path(__file__).parents[2]
BOXES = ROOT / "worker_templates" / "boxes.liquid.html"
LINE = {"source-ref": "s3://acme-in/roads/a 0.png", "labels": ["car"]}
ANSWER = {"boundingBox": boxes_element([("car", 1, 2, 30, 40)])}
Served = Callable[..., "Client"]


class Client:
    """A browser on this machine, as far as the server can tell."""

    def __init__(self, server: PreviewServer) -> None:
        self.server = server

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes, Any]:
        """Status, body, headers of a reply."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        reply = connection.getresponse()
        got = reply.status, reply.read(), reply.headers
        connection.close()
        return got

    def answer(self, answer: Any) -> Any:
        """The outcome of an answer."""
        status, body, _ = self.ask(
            "POST", "/answers", json.dumps(answer).encode(), Content_Type="application/json"
        )
        assert status == 200, body
        return json.loads(body)


def preview_of(folder: Path, line: Any = LINE, template: Path = BOXES, **settings: Any) -> Preview:
    """A preview of the only line of a manifest."""
    manifest = folder / "input.manifest"
    manifest.write_text(json.dumps(line) + "\n")
    (parsed,) = parse_manifest(manifest.read_bytes()).lines
    return Preview.of_line(template, str(manifest), parsed, settings=Settings(**settings))


@pytest.fixture
def served() -> Iterator[Callable[[Preview], Client]]:
    """Serve a preview for the length of a test."""
    running: list[tuple[PreviewServer, threading.Thread]] = []

    def start(preview: Preview) -> Client:
        server = PreviewServer(preview)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))
        return Client(server)

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_page_loads_the_stand_ins_and_the_local_copy(tmp_path: Path, served: Served) -> None:
    """A copy is found by the longest part of the key that lies beside the manifest."""
    (tmp_path / "roads").mkdir()
    (tmp_path / "roads" / "a 0.png").write_bytes(b"the right one")
    (tmp_path / "a 0.png").write_bytes(b"another")
    client = served(preview_of(tmp_path))
    status, page, headers = client.ask("GET", "/")
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert b'<script type="module" src="/stand-ins/index.js"></script>' in page
    assert b"assets.crowd.aws" not in page
    assert b'src="/objects/0/a%200.png"' in page
    assert client.ask("GET", "/objects/0/a%200.png")[:2] == (200, b"the right one")
    assert client.ask("GET", "/stand-ins/index.js")[2]["Content-Type"] == "text/javascript; charset=utf-8"


def test_an_object_that_is_nowhere_says_where_it_was_looked_for(
    tmp_path: Path, served: Served, aws: Any
) -> None:
    """Neither beside the manifest nor in S3."""
    client = served(preview_of(tmp_path))
    status, body, _ = client.ask("GET", "/objects/0/a%200.png")
    assert status == 404
    assert body.decode() == (
        f"s3://acme-in/roads/a 0.png cannot be shown: there is no copy of it in {tmp_path}, and there is no object at "
        "s3://acme-in/roads/a 0.png"
    )


def test_an_object_is_read_from_s3(tmp_path: Path, served: Served, aws: Any) -> None:
    """Under the caller's own credentials."""
    aws.put("s3://acme-in/roads/a 0.png", b"from S3")
    assert served(preview_of(tmp_path)).ask("GET", "/objects/0/x")[:2] == (200, b"from S3")


@pytest.mark.parametrize(
    "path",
    [
        "/objects/1/a.png",
        "/objects/-1/a.png",
        "/objects/../input.manifest",
        "/objects/0x0/a.png",
        "/stand-ins/../session.py",
        "/stand-ins/%2e%2e/session.py",
        "/artefacts/../input.manifest",
        "/input.manifest",
        "//etc/passwd",
    ],
)
def test_nothing_else_is_served(tmp_path: Path, served: Served, path: str) -> None:
    """A path names a number or a script, never a file."""
    status, body, _ = served(preview_of(tmp_path)).ask("GET", path)
    assert status == 404
    assert b"source-ref" not in body


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_other_web_sites_are_refused(tmp_path: Path, served: Served, headers: dict[str, str]) -> None:
    """A page open in the same browser can reach every port of this machine."""
    client = served(preview_of(tmp_path))
    status, body, _ = client.ask("POST", "/answers", b"{}", Content_Type="application/json", **headers)
    assert (status, body) == (403, b"a preview answers only its own page")
    assert client.server.preview.workers == 0


def test_the_server_is_on_this_machine_only(tmp_path: Path, served: Served) -> None:
    """Bound to the loopback address."""
    assert served(preview_of(tmp_path)).server.server_address[0] == "127.0.0.1"


def test_answers_are_consolidated_as_by_the_lambda(tmp_path: Path, served: Served) -> None:
    """Each is one more worker, until one starts over."""
    client = served(preview_of(tmp_path))
    first = client.answer(ANSWER)
    assert first["workers"] == 1
    assert first["label"]["consolidation"]["reasons"] == ["single-worker"]
    second = client.answer(ANSWER)
    assert second["label"]["consolidation"]["agreement"] == 1
    assert client.ask("DELETE", "/answers")[0] == 200
    assert client.answer(ANSWER)["workers"] == 1


def test_an_unusable_answer_gives_the_error_label(tmp_path: Path, served: Served) -> None:
    """As in a job: an error label, no crash."""
    outcome = served(preview_of(tmp_path)).answer({"boundingBox": {"boundingBoxes": "none"}})
    assert "annotationsFromAllWorkers" in outcome["label"]
    assert "error" in served(preview_of(tmp_path)).answer({})["label"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"{", "application/json"), (b"{}", "text/plain"), (b"NaN", "application/json")],
)
def test_what_is_no_answer_is_refused(tmp_path: Path, served: Served, body: bytes, content_type: str) -> None:
    """And does not count as a worker."""
    client = served(preview_of(tmp_path))
    assert client.ask("POST", "/answers", body, Content_Type=content_type)[0] == 400
    assert client.server.preview.workers == 0


def test_a_line_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """By its number, with the rule it breaks."""
    with pytest.raises(ContractError, match=r"line 1 of .* has neither source nor source-ref"):
        preview_of(tmp_path, {"camera": "front"})


def test_an_adjustment_page_starts_from_the_label_that_settings_name(tmp_path: Path) -> None:
    """The settings of the job reach the pre-annotation code."""
    label = {"annotations": [{"class_id": 0, "left": 1, "top": 1, "width": 5, "height": 5}], "image_size": []}
    line = {**LINE, "A": label, "A-metadata": {"class-map": {"0": "car"}}, "B": label, "B-metadata": {}}
    page = ROOT / "worker_templates" / "boxes-adjustment.liquid.html"
    assert len(preview_of(tmp_path, line, page).findings) == 1
    assert preview_of(tmp_path, line, page, adjust_label="A").findings == ()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Exit status of `labeljob preview`."""
    monkeypatch.setattr(sys, "argv", ["labeljob", "preview", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_lint_checks_every_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Alike findings once, with the manifest line."""
    manifest = tmp_path / "input.manifest"
    lines = [LINE, {"source-ref": "s3://acme-in/1.png"}, LINE, {"source-ref": "s3://acme-in/2.png"}]
    manifest.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert run(monkeypatch, BOXES, "--manifest", manifest, "--lint") == 1
    found, summary = capsys.readouterr().out.splitlines()
    assert found.startswith("boxes.liquid.html: error, line 5: labels of <crowd-bounding-box> is empty;")
    assert found.endswith("(manifest line 2 and 1 more)")
    assert summary == "4 lines, 1 error, 0 advice"
    assert run(monkeypatch, BOXES, "--manifest", manifest, "--lint", "--labels", "car, bus") == 0
    assert run(monkeypatch, BOXES, "--manifest", manifest, "--lint", "--line", 1) == 0
    categories = tmp_path / "categories.json"
    categories.write_text('{"labels": [{"label": "car"}]}')
    assert run(monkeypatch, BOXES, "--manifest", manifest, "--lint", "--label-categories", categories) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--line", "9"], "the manifest has 1 lines, there is no line 9"),
        (["--manifest", "nope.manifest"], "nope.manifest cannot be read: No such file or directory"),
    ],
)
def test_unusable_input_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """Exit status 2, no traceback."""
    manifest = tmp_path / "input.manifest"
    manifest.write_text(json.dumps(LINE))
    assert run(monkeypatch, BOXES, "--manifest", manifest, "--no-open", *arguments) == 2
    assert capsys.readouterr().err == f"labeljob: {message}\n"


def test_the_command_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    """What is submitted is printed as well, and Ctrl-C is a good end."""
    manifest = tmp_path / "input.manifest"
    manifest.write_text(json.dumps(LINE))
    command = [
        sys.executable,
        "-m",
        "labeljob",
        "preview",
        str(BOXES),
        "--manifest",
        str(manifest),
        "--no-open",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("preview of line 1 at http://127.0.0.1:")
        port = int(first.split("127.0.0.1:")[1].partition("/")[0])
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/answers", json.dumps(ANSWER), {"Content-Type": "application/json"})
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate()
    assert process.returncode == 0
    assert printed.startswith("answer {")
    assert "label of 1 worker {" in printed
    assert printed.endswith("preview ended\n")
