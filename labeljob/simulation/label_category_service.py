"""DescribeLabelingJob for the simulated job: the one SageMaker call that the pre-annotation handler makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from labeljob.simulation.bucket import POLL_SECONDS

_TARGET = "SageMaker.DescribeLabelingJob"
_STATUS_OK, _STATUS_REFUSED = 200, 400


@contextmanager
def describe_labeling_job(labeling_job_name: str, description: dict[str, Any]) -> Iterator[str]:
    """Answer DescribeLabelingJob for one job on a free port of 127.0.0.1.

    Args:
        labeling_job_name: whose description it is; any case.
        description: the response.

    Yields:
        The endpoint's URL.
    """

    class Handler(BaseHTTPRequestHandler):
        """One request of the SageMaker API."""

        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            """Describe the job, or say that there is no such job or no such call."""
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.headers["X-Amz-Target"] != _TARGET:
                self._reply(_STATUS_REFUSED, {"__type": "UnknownOperationException"})
            elif str(request.get("LabelingJobName")).lower() != labeling_job_name.lower():
                self._reply(
                    _STATUS_REFUSED, {"__type": "ResourceNotFound", "Message": "no such labeling job"}
                )
            else:
                self._reply(_STATUS_OK, description)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server has
            """Say nothing on the person's terminal."""

        def _reply(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
