"""`labeljob doctor` as a person sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labeljob.cli import cli
from tests.doctor.conftest import EXECUTION, Bench


def run(bench: Bench, *options: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["doctor", str(bench.path), *options], input=answer)


def cors_rules(bench: Bench) -> list[dict[str, object]]:
    return [dict(rule) for rule in bench.aws.s3.get_bucket_cors(Bucket="acme-in")["CORSRules"]]


def test_a_sound_job(bench: Bench) -> None:
    result = run(bench)
    assert result.exit_code == 0
    assert result.stdout.endswith(" rules checked, 0 findings\n")
    assert result.stdout.count("\n") == 1


def test_a_serious_finding_says_what_why_and_how_to_mend_it(bench: Bench) -> None:
    bench.job["time-limit"] = "4h"
    bench.aws.iam.update_role(RoleName=EXECUTION, MaxSessionDuration=3_600)
    result = run(bench, "--no-invoke")
    assert result.exit_code == 1
    what, *_ = result.stdout.splitlines()
    assert what.startswith("error  job.yaml line ")
    assert "  why   " in result.stdout
    mend = "        aws iam update-role --role-name gt-execution --max-session-duration 14400"
    assert mend in result.stdout.splitlines()
    assert result.stdout.endswith(" rules checked, 1 finding, 1 serious\n")


def test_of_a_file_that_is_not_filled_in_nothing_else_is_told(bench: Bench) -> None:
    bench.job |= {"output": {"path": "s3://CHANGE-ME/labels/"}, "workers": 12}
    result = run(bench)
    assert result.exit_code == 1
    assert "not filled in: output.path (line " in result.stdout
    assert result.stdout.endswith("\n\n1 rule checked, 1 finding, 1 serious\n")


def test_advice_alone_is_well(bench: Bench) -> None:
    bench.set_cors("acme-in", AllowedMethods=["GET"])
    result = run(bench, "--no-invoke")
    assert result.exit_code == 0
    assert result.stdout.startswith("advice  bucket acme-in has no CORS rule")


def test_prose_is_no_wider_than_a_terminal(bench: Bench) -> None:
    bench.job |= {"name": "roads_7", "keywords": ["street-scenes"], "workers": 12}
    bench.set_cors("acme-in", AllowedMethods=["GET"])
    result = run(bench, "--no-invoke")
    assert result.exit_code == 1
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_json(bench: Bench) -> None:
    bench.aws.s3.delete_bucket_cors(Bucket="acme-in")
    result = run(bench, "--json", "--no-invoke")
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert document["sound"] is False
    (finding,) = document["findings"]
    assert finding.keys() == {"code", "serious", "place", "what", "why", "mend", "source"}
    assert (finding["code"], finding["serious"]) == ("bucket-cors", True)


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_cors_is_not_set_without_consent(bench: Bench, answer: str) -> None:
    bench.set_cors("acme-in", AllowedMethods=["PUT"])
    before = cors_rules(bench)
    assert run(bench, "--fix", "--no-invoke", answer=answer).exit_code == 1
    assert cors_rules(bench) == before


def test_cors_is_set_beside_the_rules_there_are(bench: Bench) -> None:
    bench.set_cors("acme-in", AllowedMethods=["PUT"])
    (before,) = cors_rules(bench)
    result = run(bench, "--fix", "--no-invoke", answer="y\n")
    assert result.exit_code == 0
    kept, added = cors_rules(bench)
    assert kept == before
    assert (added["AllowedMethods"], added["AllowedOrigins"]) == (["GET"], ["*"])
    assert added["ExposeHeaders"] == ["Access-Control-Allow-Origin"]


def test_cors_is_set_unasked_with_yes(bench: Bench) -> None:
    bench.aws.s3.delete_bucket_cors(Bucket="acme-in")
    assert run(bench, "--fix", "--yes", "--no-invoke").exit_code == 0
    assert len(cors_rules(bench)) == 1


def test_yes_without_fix_would_do_nothing(bench: Bench) -> None:
    result = run(bench, "--yes")
    assert result.exit_code == 2
    assert "--yes goes with --fix" in result.stderr


def test_a_job_file_that_cannot_be_read(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("name: [")
    result = CliRunner().invoke(cli, ["doctor", str(path)])
    assert result.exit_code != 0
    assert "broken.yaml" in str(result.exception)


def test_findings_of_create_come_first(bench: Bench) -> None:
    bench.job["keywords"] = ["street-scenes"]
    bench.aws.s3.delete_bucket_cors(Bucket="acme-in")
    document = json.loads(run(bench, "--json", "--no-invoke").stdout)
    assert [finding["code"] for finding in document["findings"]] == ["keyword-form", "bucket-cors"]
