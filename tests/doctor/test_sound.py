"""Jobs in which nothing is wrong."""

from tests.doctor.conftest import Bench


def test_a_sound_job_has_no_findings(bench: Bench) -> None:
    assert [str(one) for one in bench.examined(invoke=True).findings] == []
