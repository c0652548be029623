"""The preview's web server: on this machine only, for one page."""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from labeljob.preview.crowd_elements import STAND_INS
from labeljob.preview.session import Outcome, Preview
from shared.errors import AnswerError, GtConsensusError
from shared.json_node import Json, parse_json

HOST = "127.0.0.1"
_TYPES = {
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
}
_NAMES = {file.name for file in STAND_INS.iterdir() if file.suffix.removeprefix(".") in _TYPES}
_CROWD_SCRIPT = re.compile(
    r"""<script[^>]*\bsrc\s*=\s*["']https://assets\.crowd\.aws/crowd-html-elements(?:-v\d+)?\.js["'][^>]*>""",
    re.IGNORECASE,
)
_STAND_IN_SCRIPT = '<script type="module" src="/stand-ins/index.js">'
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
OnAnswer = Callable[[Json, Outcome], None]


class PreviewServer(ThreadingHTTPServer):
    """Serves one preview. Whoever is not this machine, or is another web site open in the browser, is refused."""

    daemon_threads = True

    def __init__(
        self, preview: Preview, on_answer: OnAnswer = lambda _answer, _outcome: None, port: int = 0
    ) -> None:
        """Open the server.

        Args:
            preview: what it serves.
            on_answer: called after each answer.
            port: 0 for any that is free.
        """
        super().__init__((HOST, port), _Handler)
        self.preview, self.on_answer = preview, on_answer

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/"

    @property
    def names(self) -> set[str]:
        """How a browser on this machine may call the server."""
        return {f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"}


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The page, its scripts and its data objects."""
        self._answered(self._get)

    def do_POST(self) -> None:
        """An answer."""
        self._answered(self._post)

    def do_DELETE(self) -> None:
        """Start over."""
        self._answered(self._delete)

    def _answered(self, handle: Callable[[str], None]) -> None:
        """Refuse strangers; errors become a status and one line of text."""
        path = self.path.partition("?")[0]
        origin = self.headers.get("Origin")
        if self.headers.get("Host") not in self.server.names or (
            origin and origin.removeprefix("http://") not in self.server.names
        ):
            self._text(HTTPStatus.FORBIDDEN, "a preview answers only its own page")
            return
        try:
            handle(path)
        except AnswerError as failure:
            self._text(HTTPStatus.BAD_REQUEST, str(failure))
        except GtConsensusError as failure:
            self._text(HTTPStatus.NOT_FOUND, str(failure))

    def _get(self, path: str) -> None:
        folder, _, rest = path.removeprefix("/").partition("/")
        if path == "/":
            page = _CROWD_SCRIPT.sub(_STAND_IN_SCRIPT, self.server.preview.page)
            self._send(HTTPStatus.OK, _TYPES["html"], page.encode(errors="replace"))
        elif path == "/favicon.ico":
            self._send(HTTPStatus.NO_CONTENT, _TYPES["html"], b"")
        elif path == "/state":
            self._json(self._state())
        elif folder == "stand-ins" and rest in _NAMES:
            self._send(HTTPStatus.OK, _TYPES[rest.rpartition(".")[2]], (STAND_INS / rest).read_bytes())
        elif folder == "objects" and (number := rest.partition("/")[0]).isdecimal():
            name, body = self.server.preview.objects.read(int(number))
            self._object(mimetypes.guess_type(name)[0] or "application/octet-stream", body)
        elif folder == "artefacts":
            self._object(*self.server.preview.artefact(path))
        else:
            self._text(HTTPStatus.NOT_FOUND, "there is no such page")

    def _post(self, path: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        most = self.server.preview.settings.limits.answer_bytes
        if path != "/answers" or self.headers.get_content_type() != "application/json" or length > most:
            self.close_connection = True  # what was sent is not read
            self._text(HTTPStatus.BAD_REQUEST, f"answers are JSON of at most {most} bytes, sent to /answers")
            return
        answer = parse_json(self.rfile.read(length), error=AnswerError).value
        outcome = self.server.preview.submit(answer)
        self.server.on_answer(answer, outcome)
        self._json(asdict(outcome))

    def _delete(self, path: str) -> None:
        if path == "/answers":
            self.server.preview.start_over()
        self._json({})

    def _state(self) -> dict[str, Any]:
        preview = self.server.preview
        return {
            "template": preview.template.name,
            "manifest": preview.manifest.rpartition("/")[2],
            "line": preview.line.number,
            "workers": preview.workers,
            "findings": list(preview.findings),
        }

    def _object(self, content_type: str, body: bytes) -> None:
        """A data object; video players ask for a range of it. Whatever it holds, it runs nothing."""
        wanted = _RANGE.fullmatch(self.headers.get("Range", ""))
        headers = {"Accept-Ranges": "bytes", "Content-Security-Policy": "sandbox"}
        if not wanted:
            self._send(HTTPStatus.OK, content_type, body, headers)
            return
        start = int(wanted[1])
        end = min(int(wanted[2] or len(body)), len(body) - 1)
        if start > end:
            self._text(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, f"the object has {len(body)} bytes")
            return
        headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
        self._send(HTTPStatus.PARTIAL_CONTENT, content_type, body[start : end + 1], headers)

    def _json(self, document: Any) -> None:
        self._send(HTTPStatus.OK, _TYPES["json"], json.dumps(document).encode())

    def _text(self, status: HTTPStatus, text: str) -> None:
        self._send(status, "text/plain; charset=utf-8", text.encode())

    def _send(
        self, status: HTTPStatus, content_type: str, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        always = {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        for name, value in {**always, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Requests are no news."""
