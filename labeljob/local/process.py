"""A local AWS in a process of its own, for programs and tests."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from labeljob.local.crowd import Crowd
from shared.errors import ContractError

_SECONDS_TO_END = 10


@dataclass(frozen=True, slots=True)
class LocalAws:
    """An AWS for labeling jobs on this machine.

    Attributes:
        url: its endpoint, for every service.
        environment: variables under which the AWS CLI, boto3 and labeljob talk to it.
    """

    url: str
    environment: Mapping[str, str]

    @classmethod
    @contextmanager
    def started(
        cls,
        crowds: Mapping[str, Crowd] | None = None,
        *,
        out: Path | None = None,
        settings: Path | None = None,
        pace: float = 0.0,
    ) -> Iterator[LocalAws]:
        """Start one, furnished, and end it with the block.

        Args:
            crowds: recorded answers by the name of the private work team that gives them; `public` stands for Mechanical Turk.
            out: folder for what the functions log; None for one that is deleted at the end.
            settings: document for the functions' setting SETTINGS_S3_URI, or None.
            pace: seconds that each data object of a job takes.

        Yields:
            It, once it answers.

        Raises:
            ContractError: it does not start; says why.
        """
        command = [sys.executable, "-m", "labeljob", "local", "--json", "--attached", "--pace", f"{pace}"]
        for name, crowd in (crowds or {}).items():
            key = f":{crowd.answer_key}" if crowd.answer_key else ""
            command += ["--crowd", f"{name}={crowd.answers}{key}"]
        for option, path in (("--out", out), ("--settings", settings)):
            if path is not None:
                command += [option, str(path)]
        with subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                if not line:
                    raise ContractError("the local AWS did not start; its message is above")
                variables = json.loads(line)
                yield cls(variables["AWS_ENDPOINT_URL"], variables)
            finally:
                process.terminate()
                try:
                    process.wait(_SECONDS_TO_END)
                except subprocess.TimeoutExpired:
                    process.kill()

    def hold(self) -> None:
        """From now on, labeling jobs wait before each step: beginning, and each batch of objects."""
        self._control("hold")

    def lead(self) -> None:
        """Hold labeling jobs, and let them take one step after each look at one of them: who watches a job sees its every state."""
        self._control("lead")

    def step(self, steps: int = 1) -> None:
        """Let every job that is held take some steps; return when it has."""
        self._control(f"step?steps={steps}")

    def release(self) -> None:
        """Let labeling jobs go on by themselves."""
        self._control("release")

    def settle(self) -> None:
        """Return when every labeling job has ended or is held."""
        self._control("settle")

    def reset(self) -> None:
        """Empty the account and furnish it anew."""
        self._control("reset")

    def recruit(self, name: str, crowd: Crowd) -> None:
        """Add a private work team, or give it other people, until the next reset.

        Args:
            name: of the team; `public` stands for Mechanical Turk.
            crowd: who answers.

        Raises:
            ContractError: the answers cannot be read.
        """
        key = {"answer_key": crowd.answer_key} if crowd.answer_key else {}
        query = urlencode({"name": name, "answers": str(crowd.answers.absolute()), **key})
        self._control(f"recruit?{query}")

    def _control(self, action: str) -> None:
        request = urllib.request.Request(f"{self.url}/_labeljob/{action}", method="POST")  # noqa: S310 - our own server
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            opener.open(request).close()
        except urllib.error.HTTPError as failure:
            raise ContractError(failure.read().decode().strip()) from failure
