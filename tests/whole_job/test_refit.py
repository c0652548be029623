"""`labeljob refit`: a job's labels made anew from all its answers, whatever their order, and what changed and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Aws
from tests.elements import semantic_element
from tests.payloads import ANN, BOB, OUTPUT_CONFIG, REQUEST_URI, WORKERS, answer, entry, votes
from tests.whole_job.conftest import RANDOM, Run, crowd, lines, write_job

BIRDS = Path(__file__).parents[1] / "data" / "birds"
LABEL = "Roads-7A"


def said(file: Path, label: str = LABEL) -> list[str]:
    """The classes of a manifest."""
    return [line[label]["class-name"] for line in lines(file)]


def test_one_who_answers_at_random_decides_no_more_ties(labeljob: Run, tmp_path: Path) -> None:
    """The votes of two able workers who disagree and of one who guesses are a tie, or worse."""
    entries, truth = crowd()
    status, printed, _ = labeljob("refit", write_job(tmp_path, entries), "--out", tmp_path / "out")
    assert status == 0
    assert "changed" in printed
    right = sum(map(str.__eq__, said(tmp_path / "out/output.manifest"), truth))
    changes = lines(tmp_path / "out/changes.jsonl")
    before = {change["data-object-id"]: change["before"]["class-name"] for change in changes}
    plain = [
        before.get(str(place), label) for place, label in enumerate(said(tmp_path / "out/output.manifest"))
    ]
    assert right > sum(map(str.__eq__, plain, truth))
    assert changes
    assert all(change["what"] == "decided otherwise" for change in changes)
    sides = {
        side: sum(told["worker-id"] == RANDOM for change in changes for told in change["why"][side])
        for side in ("for", "against")
    }
    assert sides["against"] > 3 * sides["for"]


def test_neither_the_order_of_answers_nor_their_batches_change_a_byte(labeljob: Run, tmp_path: Path) -> None:
    entries, _ = crowd()
    shuffled = [
        {**one, "annotations": one["annotations"][::-1]} for one in [*entries[70:], *entries[:70][::-1]]
    ]
    bodies = set()
    for name, given, batch in (("a", entries, 10), ("b", shuffled, 7), ("c", entries, 150)):
        labeljob("refit", write_job(tmp_path / name, given, batch), "--out", tmp_path / f"out-{name}")
        bodies.add((tmp_path / f"out-{name}/output.manifest").read_bytes())
    assert len(bodies) == 1


def test_the_labels_are_those_of_the_whole_job_in_one_request(labeljob: Run, tmp_path: Path) -> None:
    """On the answers of a real job."""
    settings = tmp_path / "settings.json"
    settings.write_text('{"method": "em"}')
    common = ("--settings", settings, "--label-attribute", "Birds", "--out", tmp_path / "out")
    assert labeljob("refit", BIRDS / "worker-response", *common)[0] == 0
    assert labeljob("replay", BIRDS / "worker-response", *common)[0] == 0
    replayed = json.loads((tmp_path / "out/worker-response.response.json").read_text("utf-8"))
    assert [line["Birds"] for line in lines(tmp_path / "out/output.manifest")] == [
        one["consolidatedAnnotation"]["content"]["Birds"] for one in replayed
    ]


def test_the_jobs_own_manifest_is_corrected_and_the_rest_of_it_kept(labeljob: Run, tmp_path: Path) -> None:
    """A line whose object nobody answered stays as it is, also without a label."""
    entries, _ = crowd(12)
    job = write_job(tmp_path, entries)
    labeljob("refit", job, "--out", tmp_path / "first")
    own = [
        {"source-ref": f"s3://acme-in/{place}.jpg", LABEL: line[LABEL], f"{LABEL}-metadata": {"type": "x"}}
        for place, line in enumerate(lines(tmp_path / "first/output.manifest"))
    ]
    wrong = {**own[3][LABEL], "class-name": "tram"}
    own[3] = {**own[3], LABEL: wrong}
    failed = {"source-ref": "s3://acme-in/12.jpg", f"{LABEL}-metadata": {"failure-reason": "expired"}}
    del own[5][LABEL]
    manifest = tmp_path / "output.manifest"
    manifest.write_text("".join(json.dumps(line) + "\n" for line in [*own, failed]))
    status, printed, _ = labeljob("refit", job, "--manifest", manifest, "--out", tmp_path / "out")
    made = lines(tmp_path / "out/output.manifest")
    assert status == 0
    assert "lines without answers" in printed
    assert made[12] == failed
    assert made[3][f"{LABEL}-metadata"] == {"type": "x"}
    assert [line[LABEL] for line in made[:12]] == [
        line[LABEL] for line in lines(tmp_path / "first/output.manifest")
    ]
    changes = lines(tmp_path / "out/changes.jsonl")
    assert [(one["line"], one["data-object-id"], one["what"]) for one in changes] == [
        (4, "3", "decided otherwise"),
        (6, "5", "no label before"),
    ]
    assert changes[0]["before"]["class-name"] == "tram"
    assert json.loads((tmp_path / "out/summary.json").read_text())["changed"] == 2


def test_the_manifest_of_a_built_in_job_is_compared_by_its_class_names(labeljob: Run, tmp_path: Path) -> None:
    """The real birds job: its labels are numbers, and its lines say under which id their answers were recorded. One is spoilt."""
    both = zip(lines(BIRDS / "output.manifest"), lines(BIRDS / "input.manifest"), strict=True)
    rows = [{**mine, **theirs} for mine, theirs in both]
    rows[7]["birds-open-images-clone-metadata"]["class-name"] = "Lamp"
    manifest = tmp_path / "output.manifest"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    status, _, _ = labeljob(
        *("refit", BIRDS / "worker-response", "--label-attribute", "birds-open-images-clone"),
        *("--manifest", manifest, "--answer-key", "recorded-object-id", "--out", tmp_path / "out"),
    )
    changes = lines(tmp_path / "out/changes.jsonl")
    assert status == 0
    assert len(lines(tmp_path / "out/output.manifest")) == 151
    assert len(changes) < 15
    assert [change["before"] for change in changes if change["line"] == 8] == [{"class-name": "Lamp"}]
    assert all(set(change["before"]) == {"class-name"} == set(change["after"]) for change in changes)
    assert all(change["why"]["for"] for change in changes)


def test_a_manifest_of_another_job_is_refused(labeljob: Run, tmp_path: Path) -> None:
    manifest = tmp_path / "output.manifest"
    manifest.write_text('{"source-ref": "s3://acme-in/0.jpg"}\n')
    job = write_job(tmp_path, crowd(4)[0])
    status, _, complaint = labeljob("refit", job, "--manifest", manifest, "--out", tmp_path / "out")
    assert status == 2
    assert "3 of 4 data objects have no line" in complaint
    assert "--answer-key" in complaint


@pytest.mark.parametrize("manifest", ["none.manifest", "s3://acme-out/run/none"])
def test_a_manifest_that_is_not_there_is_named(
    aws: Aws, labeljob: Run, tmp_path: Path, manifest: str
) -> None:
    job = write_job(tmp_path, crowd(4)[0])
    status, _, complaint = labeljob("refit", job, "--manifest", manifest, "--out", tmp_path / "out")
    assert status == 2
    assert "none" in complaint


def test_of_an_object_that_comes_twice_the_newest_answers_count(labeljob: Run, tmp_path: Path) -> None:
    """Iteration 10 is newer than iteration 9."""
    entries = [votes(str(number), "car", "car") for number in range(9)]
    job = write_job(tmp_path, [*entries, votes("0", "bus", "bus")], batch=1)
    labeljob("refit", job, "--out", tmp_path / "out")
    assert said(tmp_path / "out/output.manifest") == ["bus", *["car"] * 8]


def test_a_job_in_s3_is_refitted_and_its_masks_named_by_their_place(
    aws: Aws, labeljob: Run, tmp_path: Path
) -> None:
    mask = {"m": semantic_element([[0, 1]], ["road"])}
    aws.put(REQUEST_URI, json.dumps([entry("0", answer(ANN, **mask), answer(BOB, **mask))]))
    aws.put(f"{OUTPUT_CONFIG}/worker-response/iteration-1/7/a.json", '{"answers": []}')
    aws.put(f"{OUTPUT_CONFIG}/consolidated-annotation/skill/Roads-7A/records/00000001.json", "{}")
    aws.put("s3://acme-out/run/manifest", json.dumps({"source-ref": "s3://acme-in/0.jpg"}))
    status, _, _ = labeljob(
        *("refit", "s3://acme-out/run/Roads-7A", "--manifest", "s3://acme-out/run/manifest"),
        *("--out", tmp_path / "out"),
    )
    assert status == 0
    (line,) = lines(tmp_path / "out/output.manifest")
    reference = line[LABEL]["mask-ref"]
    assert reference.startswith(f"{OUTPUT_CONFIG}/consolidated-annotation/output/")
    assert (tmp_path / "out/output" / reference.rpartition("/")[2]).is_file()


def test_an_object_without_a_label_is_told(labeljob: Run, tmp_path: Path) -> None:
    job = write_job(tmp_path, [votes("0", "car"), entry("1")])
    status, printed, _ = labeljob("refit", job, "--out", tmp_path / "out")
    assert status == 1
    assert "errors" in printed
    assert lines(tmp_path / "out/output.manifest")[1][LABEL]["error"]["code"] == "answer"
    assert json.loads((tmp_path / "out/summary.json").read_text())["errors"] == 1


def test_every_changed_element_of_a_page_is_a_change_of_its_own(labeljob: Run, tmp_path: Path) -> None:
    """The comment, which nobody recognises, changes nothing."""
    entries = [
        {
            **one,
            "annotations": [
                {
                    **each,
                    "annotationData": {
                        "content": json.dumps(
                            {
                                **json.loads(each["annotationData"]["content"]),
                                "stars": {"5": True, "1": False},
                            }
                        )
                    },
                }
                for each in one["annotations"]
            ],
        }
        for one in crowd()[0]
    ]
    labeljob("refit", write_job(tmp_path, entries), "--out", tmp_path / "out")
    changes: list[Any] = lines(tmp_path / "out/changes.jsonl")
    assert {change["element"] for change in changes} == {"kind"}
    blamed = {told["worker-id"] for change in changes for told in change["why"]["against"]}
    assert RANDOM in blamed
    assert blamed <= set(WORKERS)


def test_nothing_to_read_is_said(labeljob: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    status, _, complaint = labeljob("refit", tmp_path / "empty", "--out", tmp_path / "out")
    assert status == 2
    assert "holds no consolidation request and no worker response" in complaint
