"""The local AWS for tests that only look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from labeljob.aws import Aws
from labeljob.local import LocalAws

AwsOf = Callable[[str], Aws]


@pytest.fixture(scope="module")
def aws_of(local_process: LocalAws) -> Iterator[AwsOf]:
    """Clients by Region, of an AWS that is furnished once: the tests of the file leave it as it is."""
    local_process.reset()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local_process.environment.items():
            patch.setenv(name, value)
        yield cache(lambda region: Aws(region=region))
