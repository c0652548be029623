"""An SNS that fails as networks and services do: it stands before the local AWS, meddles with PublishBatch and denies what it is to."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlencode, urlsplit

_ENTRY = "PublishBatchRequestEntries.member."
Code = str
Verdicts = dict[int, Code]


@dataclass
class Meddler:
    """What happens to PublishBatch, and to calls that the caller lacks the permission for.

    Attributes:
        url: endpoint for SNS.
        batches: messages of each call, in order.
        refuse: called with the messages of a call; error code by place of those that SNS does not take. A code that begins with
            `Internal` is the service's fault, another the sender's.
        before: called with the number of the call from 1 before it reaches SNS; whether it goes on.
        after: called with it before the reply reaches the caller.
        denied: names of calls that are answered with AuthorizationError.
    """

    url: str = ""
    batches: list[list[str]] = field(default_factory=list)
    refuse: Callable[[list[str]], Verdicts] = lambda messages: {}
    before: Callable[[int], bool] = lambda number: True
    after: Callable[[int], object] = lambda number: None
    denied: frozenset[str] = frozenset()


@contextmanager
def meddling(url: str) -> Iterator[Meddler]:
    """Stand before the endpoint `url`."""
    meddler = Meddler()
    target = urlsplit(url).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
            if fields.get("Action") in meddler.denied:
                self._reply(403, _DENIED)
                return
            if fields.get("Action") != "PublishBatch":
                self._reply(*self._forward(body))
                return
            messages = _messages(fields)
            meddler.batches.append(messages)
            verdicts = meddler.refuse(messages)
            number = len(meddler.batches)
            if not meddler.before(number):
                self.close_connection = True
                return
            kept = _without(fields, verdicts)
            status, reply = (
                self._forward(urlencode(kept).encode()) if len(verdicts) < len(messages) else (200, _EMPTY)
            )
            meddler.after(number)
            self._reply(status, _with_failures(reply, verdicts))

        def _forward(self, body: bytes) -> tuple[int, bytes]:
            connection = http.client.HTTPConnection(target)
            headers = {name: value for name, value in self.headers.items() if name != "Content-Length"}
            connection.request("POST", self.path, body, headers)
            response = connection.getresponse()
            found = response.status, response.read()
            connection.close()
            return found

        def _reply(self, status: int, body: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the caller is no more

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        meddler.url = f"http://127.0.0.1:{server.server_port}"
        yield meddler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


_EMPTY = (
    b'<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Successful></Successful>'
    b"<Failed></Failed></PublishBatchResult></PublishBatchResponse>"
)


_DENIED = (
    b"<ErrorResponse><Error><Code>AuthorizationError</Code><Message>no</Message></Error></ErrorResponse>"
)


def _messages(fields: dict[str, str]) -> list[str]:
    count = sum(name.startswith(_ENTRY) and name.endswith(".Message") for name in fields)
    return [fields[f"{_ENTRY}{place + 1}.Message"] for place in range(count)]


def _without(fields: dict[str, str], verdicts: Verdicts) -> dict[str, str]:
    """The request without the entries that are refused, the others numbered anew."""
    kept = {name: value for name, value in fields.items() if not name.startswith(_ENTRY)}
    places = [place for place in range(len(_messages(fields))) if place not in verdicts]
    for number, place in enumerate(places, start=1):
        for part in ("Id", "Message"):
            kept[f"{_ENTRY}{number}.{part}"] = fields[f"{_ENTRY}{place + 1}.{part}"]
    return kept


def _with_failures(reply: bytes, verdicts: Verdicts) -> bytes:
    failures = "".join(
        f"<member><Id>{place}</Id><Code>{code}</Code><Message>as the test wants</Message>"
        f"<SenderFault>{'false' if code.startswith('Internal') else 'true'}</SenderFault></member>"
        for place, code in verdicts.items()
    )
    if not failures:
        return reply
    text = reply.decode()
    for empty in ("<Failed></Failed>", "<Failed/>", "<Failed />"):
        if empty in text:
            return text.replace(empty, f"<Failed>{failures}</Failed>").encode()
    return text.replace("</PublishBatchResult>", f"<Failed>{failures}</Failed></PublishBatchResult>").encode()
