"""An endpoint before the local AWS: passes every request on, but for those that stand for what the local AWS does not have.

Such as functions that others have written, a function in another state, and an administrator who allows less.
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

_OWN = {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}


@dataclass
class Front:
    """What is answered here.

    Attributes:
        target: URL of the local AWS.
        url: of this endpoint.
        functions: reply of a function by its name: its reply, or with `errorMessage` what it raised.
        states: members that replace those of GetFunctionConfiguration, by function.
        operations: replies by operation: text of the query protocol, or a document; one with `__type` is an error.
        denied: how request lines (method, path with query) begin, or operations, that are refused.
        logs: what functions have logged.
    """

    target: str
    url: str = ""
    functions: dict[str, Any] = field(default_factory=dict)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, Any] = field(default_factory=dict)
    denied: list[str] = field(default_factory=list)
    logs: str = ""

    def clear(self) -> None:
        """Pass everything on again."""
        for changes in (self.functions, self.states, self.operations, self.denied):
            changes.clear()
        self.logs = ""

    def own_answer(
        self, line: str, operation: str, protocol: str
    ) -> tuple[int, dict[str, str], bytes] | None:
        """Status, headers and body of what is answered here; None to pass the request on."""
        path = unquote(line.partition(" ")[2])
        if any(part == operation or (" " in part and line.startswith(part)) for part in self.denied):
            return _denied(protocol)
        for name, reply in self.functions.items():
            if path.endswith("/invocations") and name in path:
                failed = isinstance(reply, dict) and "errorMessage" in reply
                headers = {"X-Amz-Function-Error": "Unhandled"} if failed else {}
                headers["X-Amz-Log-Result"] = base64.b64encode(self.logs.encode()).decode()
                return 200, headers, json.dumps(reply).encode()
        if operation in self.operations:
            document = self.operations[operation]
            if isinstance(document, str):
                return 200, {"Content-Type": "text/xml"}, document.encode()
            status = 400 if "__type" in document else 200
            return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(document).encode()
        return None

    def changed(self, line: str, body: bytes) -> bytes:
        """What the local AWS answered, with what is otherwise here."""
        for name, members in self.states.items():
            if line.startswith("GET ") and unquote(line).endswith(f"{name}/configuration"):
                return json.dumps({**json.loads(body), **members}).encode()
        return body


def _called(line: str, target: str, body: bytes) -> tuple[str, str]:
    """The operation where the protocol names one, and the protocol."""
    if target:
        return target.rpartition(".")[2], "json"
    if body.startswith(b"Action="):
        return body.decode().partition("&")[0].removeprefix("Action="), "query"
    return "", "json" if "/2015-03-31/" in line else "s3"


def _denied(protocol: str) -> tuple[int, dict[str, str], bytes]:
    """A refusal in the words of a protocol: `json`, `query` or `s3`."""
    if protocol == "json":
        reply = json.dumps({"__type": "AccessDeniedException", "message": "not authorized"})
        return 400, {"x-amzn-ErrorType": "AccessDeniedException"}, reply.encode()
    xml = "<Error><Code>AccessDenied</Code><Message>not authorized</Message></Error>"
    body = f"<ErrorResponse>{xml}</ErrorResponse>" if protocol == "query" else xml
    return 403, {"Content-Type": "application/xml"}, body.encode()


@contextmanager
def serving(target: str) -> Iterator[Front]:
    """A front before an endpoint, until the block ends."""
    front = Front(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a reply is several writes, and the client waits for the last
        wbufsize = -1

        def handle_expect_100(self) -> bool:
            """Say at once that the body may come: the client waits a second for it."""
            going_on = super().handle_expect_100()
            self.wfile.flush()
            return going_on

        def _serve(self) -> None:
            line = f"{self.command} {self.path}"
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            operation, protocol = _called(line, self.headers.get("X-Amz-Target") or "", body)
            answer = front.own_answer(line, operation, protocol) or self._passed_on(line, body)
            status, headers, reply = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "content-length" not in {name.lower() for name in headers}:
                self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply)

        def _passed_on(self, line: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(urlsplit(target).netloc)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                response = connection.getresponse()
                reply = front.changed(line, response.read())
                headers = {name: value for name, value in response.getheaders() if name.lower() not in _OWN}
                if self.command == "HEAD":
                    headers["Content-Length"] = response.getheader("Content-Length") or "0"
                return response.status, headers, reply
            finally:
                connection.close()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - names of the protocol

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    front.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
