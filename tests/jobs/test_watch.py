"""`labeljob watch` on jobs that run, end, fail and are stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

from labeljob.jobs.watching import watch
from tests.jobs.conftest import CAT, NOTHING, Cats, Labeljob

PRICE = {"AmountInUsd": {"Dollars": 0, "Cents": 3, "TenthFractionsOfACent": 6}}


def test_a_job_with_a_label_for_every_object_ends_well(cats: Cats, labeljob: Labeljob) -> None:
    cats.run("cats-1")
    run = labeljob("watch", "cats-1")
    assert run.status == 0
    assert run.lines[0].endswith("UTC  Completed, 3 of 3 labelled")
    assert run.lines[1:5] == ["cats-1: Completed", "objects   3", "labelled  3", "failed    0"]
    assert run.lines[6:] == [
        "output manifest  s3://acme-out/run/cats-1/manifests/output/output.manifest",
        "annotations      s3://acme-out/run/cats-1/annotations/",
        "see labels       labeljob output cats-1",
        "report           aws s3 sync s3://acme-out/run/cats-1 cats-1",
        "                 labeljob report cats-1 --label-attribute cats",
    ]


def test_objects_that_nobody_answered_are_told_with_the_reason(cats: Cats, labeljob: Labeljob) -> None:
    cats.run("cats-1", 5)
    run = labeljob("watch", "cats-1")
    assert run.status == 1
    told = " ".join(run.out.split())
    assert "failed: 2 x ClientError: Annotation tasks expired." in told
    assert "every worker declined the task. (lines 4, 5)" in told
    assert run.lines[-1] == "label the rest   labeljob continue cats-1"
    assert max(map(len, run.lines)) <= 100


def test_labels_that_need_a_look_are_counted_by_reason(cats: Cats, labeljob: Labeljob) -> None:
    cats.answer({1: CAT, 2: ("cat", "dog", "cow"), 3: CAT})
    cats.run("cats-1")
    run = labeljob("watch", "cats-1")
    assert run.status == 0
    assert "  to review  1" in run.lines
    assert "to review: 1 x quorum (line 2)" in run.lines


def test_error_labels_are_no_labels(cats: Cats, labeljob: Labeljob) -> None:
    """Nobody marked anything that can be read."""
    cats.answer({1: CAT, 2: NOTHING, 3: CAT})
    cats.run("cats-1")
    run = labeljob("watch", "cats-1")
    assert run.status == 1
    assert "  error labels  1" in run.lines
    assert "error label: 1 x " in run.out
    assert run.lines[-1] == "label the rest   labeljob continue cats-1 --error-labels"


def test_workers_of_the_public_workforce_earn(cats: Cats, labeljob: Labeljob) -> None:
    cats.public = True
    cats.answer({1: CAT, 2: CAT})
    request = cats.request("cats-1", 3, task={"PublicWorkforceTaskPrice": PRICE})
    request["InputConfig"]["DataAttributes"] = {
        "ContentClassifiers": ["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"]
    }
    cats.aws.sagemaker.create_labeling_job(**request)
    cats.local.settle()
    run = labeljob("watch", "cats-1")
    assert "reward    $0.216 = $0.036 x 3 workers x 2 objects" in run.lines


def test_views_follow_the_job_step_by_step(cats: Cats) -> None:
    """Ten objects first, then the rest."""
    cats.answer(dict.fromkeys(range(1, 12), CAT))
    cats.local.hold()
    cats.create("cats-1", 12)
    cats.local.settle()
    views = list(watch("cats-1", cats.aws, wait=lambda _: cats.local.step()))
    seen = [(view.job.status, view.job.counters.labeled, view.job.counters.unlabeled) for view in views]
    assert seen[0] == ("Initializing", 0, 0)
    assert ("InProgress", 0, 12) in seen
    assert any(status == "InProgress" and 0 < labeled < 11 for status, labeled, _ in seen)
    assert seen[-1] == ("Completed", 11, 0)
    assert views[-1].tally is not None
    assert [reason.lines for reason in views[-1].tally.failures] == [(12,)]


def test_a_stopped_job_ends_the_watch(cats: Cats, labeljob: Labeljob) -> None:
    cats.local.hold()
    cats.create("cats-1")
    cats.local.settle()
    labeljob("stop", "cats-1", "--yes", "--no-wait")
    cats.local.settle()
    run = labeljob("watch", "cats-1")
    assert run.status == 1
    assert "cats-1: Stopped" in run.lines
    assert run.lines[-1].endswith("labeljob continue cats-1")


def test_there_is_no_such_job(cats: Cats, labeljob: Labeljob) -> None:
    run = labeljob("watch", "none")
    assert (run.status, run.out) == (2, "")
    assert (
        run.err
        == "labeljob: there is no labeling job none in us-east-1; `labeljob list` shows those there are\n"
    )


def test_a_terminal_shows_one_picture_and_then_the_summary(cats: Cats, labeljob: Labeljob) -> None:
    cats.run("cats-1", 5)
    run = labeljob("watch", "cats-1", FORCE_COLOR="1")
    assert run.lines[0] == "cats-1: Completed"
    picture = " ".join(run.err.split())
    assert "labelled 3 of 5" in picture
    assert "2 failed ClientError: Annotation tasks expired." in picture
    assert run.err.count("\x1b[2K") == run.err.count("\n") + 1, "the picture is wiped out at the end"


def test_ctrl_c_ends_the_watching_and_not_the_job(cats: Cats) -> None:
    cats.answer(dict.fromkeys(range(1, 12), CAT))
    cats.local.hold()
    cats.create("cats-1", 12)
    cats.local.settle()
    command = [sys.executable, "-m", "labeljob", "watch", "cats-1", "--interval", "0.1"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith("UTC  Initializing\n")
        cats.local.step()
        assert process.stdout.readline().endswith("UTC  InProgress, 0 of 12 labelled\n")
        cats.local.step()
        going = r"UTC  InProgress, 10 of 12 labelled, [\d,]+ objects/h, about \d+ s to go\n$"
        assert re.search(going, process.stdout.readline())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert err == "cats-1 goes on; watch it: labeljob watch cats-1, stop it: labeljob stop cats-1\n"
    assert (
        cats.aws.sagemaker.describe_labeling_job(LabelingJobName="cats-1")["LabelingJobStatus"]
        == "InProgress"
    )
