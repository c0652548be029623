"""Test invocations: what the functions are handed, what is left of it, and answers to pages."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from PIL import Image

from consolidation.batch import Job, consolidate
from labeljob.doctor.answers import first_answer
from labeljob.preview.markup import read_page
from labeljob.preview.template import WorkerTemplate, parse_liquid
from shared.contract import AnnotatedDataObject
from shared.json_node import JsonNode, write_json
from shared.settings import Settings
from tests.doctor.conftest import CONSOLIDATION, ROOT, Bench

PAGES = sorted(path.name for path in (ROOT / "worker_templates").glob("*.liquid.html"))


def test_nothing_is_left_of_the_test_invocation(bench: Bench) -> None:
    bench.put("s3://acme-out/run/labeljob-doctor/mine.txt", "a person's own")
    assert bench.examined(invoke=True).sound
    assert bench.keys("acme-out") == ["run/labeljob-doctor/mine.txt"]


def test_of_the_made_up_answer_nothing_is_kept_for_other_jobs(bench: Bench) -> None:
    settings = {"skill-store": "s3://acme-out/run/skill/"}
    uri = bench.put("s3://acme-in/shared-skill.json", json.dumps(settings))
    bench.configure(CONSOLIDATION, environment={"SETTINGS_S3_URI": uri})
    assert bench.examined(invoke=True).findings == ()
    (key,) = bench.keys("acme-out")
    record = json.loads(bench.aws.s3.get_object(Bucket="acme-out", Key=key)["Body"].read())
    assert (record["objects"], record["elements"]) == ([], [])


def test_of_a_stack_that_is_not_there_no_page_is_expected(bench: Bench) -> None:
    bench.job["functions"] = {"stack": "nowhere"}
    assert [finding.rule.code for finding in bench.examined(invoke=True).findings] == ["stack-missing"]


def test_what_cannot_be_deleted_is_told(bench: Bench) -> None:
    bench.front.denied.append("POST /acme-out?delete")
    (finding,) = bench.examined(invoke=True).findings
    left = bench.keys("acme-out")
    assert (finding.rule.code, finding.serious) == ("trial-left", False)
    assert left
    assert all(key.startswith("run/labeljob-doctor/") for key in left)
    folder = left[0].split("/annotations/")[0]
    assert finding.mend == f"aws s3 rm --recursive s3://acme-out/{folder}/"


def test_without_invocations_nothing_is_called_or_written(bench: Bench) -> None:
    bench.front.denied += ["POST /2015-03-31/functions/", "PUT /acme-out", "RenderUiTemplate"]
    assert bench.examined(invoke=False).findings == ()


def test_the_log_of_a_function_that_raises_is_shown(bench: Bench) -> None:
    raised = {"errorMessage": "no such bucket", "errorType": "StorageError"}
    bench.front.logs = "START RequestId: 1\nERROR storage: no such bucket\nEND RequestId: 1\n"
    bench.call_functions(consolidation=bench.foreign("RaisingLabelingFunction", raised))
    (finding,) = bench.examined(invoke=True).findings
    assert "StorageError: no such bucket" in finding.what
    assert "  ERROR storage: no such bucket" in finding.mend.splitlines()


@pytest.mark.parametrize("name", PAGES)
def test_our_consolidation_understands_the_answer_to_each_of_our_pages(name: str) -> None:
    answer = answer_to(name)
    assert answer
    entry = {
        "datasetObjectId": "0",
        "dataObject": {"content": "Ann met Bob"}
        if "text" in name or "entities" in name
        else {"s3Uri": "s3://a/b"},
        "annotations": [{"workerId": "doctor", "annotationData": {"content": write_json(answer)}}],
    }
    (reply,) = consolidate(
        Job("label", ("car", "bus"), "s3://acme-out/run/"),
        [AnnotatedDataObject.parse(JsonNode(entry))],
        _Nowhere(),
        Settings(),
        lambda: False,
    )
    assert "error" not in reply.label, reply.label
    assert reply.label["consolidation"]["rejected"] == []  # type: ignore[index,call-overload]


def test_a_mask_in_which_nothing_is_marked() -> None:
    mask = answer_to("semantic-mask.liquid.html")
    (painted,) = mask.values()
    file = io.BytesIO(base64.b64decode(painted["labeledImage"]["pngImageData"]))
    with Image.open(file) as image:
        assert image.size == tuple(painted["inputImageProperties"][side] for side in ("width", "height"))
        assert image.convert("RGBA").getchannel("A").getextrema() == (0, 0)


def test_the_first_of_several_buttons_is_chosen() -> None:
    page = '<input type="radio" name="q" value="good"><input type="radio" name="q" value="bad">'
    assert first_answer(read_page(page)) == {"q": {"good": True, "bad": False}}


def answer_to(name: str) -> dict[str, Any]:
    source = (ROOT / "worker_templates" / name).read_text()
    template = WorkerTemplate(name, source, parse_liquid(source, name))
    task_input = {"taskObject": "Ann met Bob", "labels": ["car", "bus"]}
    return first_answer(read_page(template.render_leniently(task_input)))


class _Nowhere:
    """`ObjectStore` whose objects nobody reads."""

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        raise AssertionError(uri)

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """Masks may be written."""
