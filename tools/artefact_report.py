"""Prints what the built functions cost: size, cold start, memory.

Run it with `make artefact-report`. A cold start is the time from starting the interpreter to the runtime client's first
request for an event: imports and everything else at module level. Lambda adds fetching and unpacking the code to it.
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from tools.artefact import HANDLERS, RUNTIME, Artefact, build, tool, unzipped_bytes, zipped_bytes
from tools.runtime import HOST, lambda_environment

_REPEATS = 7
_PATIENCE_SECONDS = 60
_MEGABYTE = 1_000_000
_VARIABLES = {"ALLOWED_LOCATIONS": "acme-in/,acme-out/", "POWERTOOLS_SERVICE_NAME": "report"}


@dataclass(frozen=True)
class ColdStart:
    """One start of a function: milliseconds until it asks for an event, and its resident memory then, in MB."""

    milliseconds: float
    resident_megabytes: float


@dataclass
class _RuntimeApi:
    """The Runtime API as far as the first request for an event, which is never answered."""

    asked: threading.Event = field(default_factory=threading.Event)
    asked_at: float = 0.0
    init_error: str = ""

    def ask(self) -> None:
        self.asked_at = time.perf_counter()
        self.asked.set()

    def fail(self, message: str) -> None:
        self.init_error = message
        self.asked.set()


def cold_start(artefact: Artefact, function: str, variables: Mapping[str, str]) -> ColdStart:
    """Start a function once, up to the point where it waits for an event.

    Raises:
        RuntimeError: initialisation failed or did not end in time.
    """
    with _serving() as (api, port):
        environment = lambda_environment(artefact, function, variables)
        environment["AWS_LAMBDA_RUNTIME_API"] = f"{HOST}:{port}"
        command: list[str | Path] = [tool("runtime", "python"), "-m", "awslambdaric", HANDLERS[function]]
        started = time.perf_counter()
        with subprocess.Popen(
            command,
            env=environment,
            cwd=artefact.function(function),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                if not api.asked.wait(_PATIENCE_SECONDS) or api.init_error:
                    raise RuntimeError(
                        f"{function} did not initialise: {api.init_error or 'it took too long'}"
                    )
                return ColdStart((api.asked_at - started) * 1000, _resident_megabytes(process.pid))
            finally:
                process.kill()


@contextmanager
def _serving() -> Iterator[tuple[_RuntimeApi, int]]:
    api = _RuntimeApi()
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        """Holds the request for the next event until the measurement is over."""

        def do_GET(self) -> None:
            api.ask()
            over.wait(_PATIENCE_SECONDS)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            api.fail(self.rfile.read(length).decode(errors="replace"))

        def log_message(self, *_: object) -> None:
            """Say nothing: the report is what is printed."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api, server.server_port
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _resident_megabytes(process_id: int) -> float:
    """VmRSS as Linux counts it, pages shared with others included."""
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / _MEGABYTE
    return float("nan")


def main() -> None:
    """Build if needed, measure, print."""
    artefact = build()
    print(f"artefact for {RUNTIME}                  unzipped      zipped")
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("SharedLayer", *HANDLERS):
            folder = artefact.function(name)
            whole, packed = unzipped_bytes(folder), zipped_bytes(folder, Path(scratch))
            print(f"  {name:<28}{whole / _MEGABYTE:>10.2f} MB{packed / _MEGABYTE:>9.2f} MB")
    print(f"\ncold start, {_REPEATS} each             best     median   resident")
    for name in HANDLERS:
        starts = [cold_start(artefact, name, _VARIABLES) for _ in range(_REPEATS)]
        times = [start.milliseconds for start in starts]
        memory = median(start.resident_megabytes for start in starts)
        print(f"  {name:<24}{min(times):>7.0f} ms{median(times):>8.0f} ms{memory:>8.1f} MB")


if __name__ == "__main__":
    main()
