"""Lines of any bytes: read or refused with a reason that can be printed, never an exception."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from labeljob.manifest.check import Checks, check_manifest
from labeljob.manifest.lines import read_line

STRINGS = st.text(st.characters(codec=None), max_size=12)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=3),
    max_leaves=6,
)
KEYS = STRINGS | st.sampled_from(
    ["source", "source-ref", "source-ref-metadata", "$x", "label", "unix-timestamp"]
)
REFERENCES = STRINGS.map(lambda key: f"s3://acme-in/{key}")
OBJECTS = st.dictionaries(KEYS, VALUES | REFERENCES, max_size=5)
ROWS = st.binary(max_size=40) | OBJECTS.map(lambda value: json.dumps(value).encode())


@given(ROWS)
def test_a_line_that_cannot_be_read_has_a_reason(row: bytes) -> None:
    value, faults = read_line(7, row)
    assert value is not None or len(faults) == 1
    assert all(fault.line == 7 for fault in faults)


@given(OBJECTS.map(json.dumps), st.sampled_from([Checks(), Checks(label_attribute="label")]))
def test_what_is_told_of_a_line_can_be_printed(tmp_path_factory: Any, text: str, checks: Checks) -> None:
    manifest: Path = tmp_path_factory.getbasetemp() / "any.manifest"
    manifest.write_text(text)
    for fault in check_manifest(str(manifest), checks=checks):
        assert f"{fault.finding.what}{fault.finding.mend}".encode()
        assert f"{fault.finding.what}{fault.finding.mend}".isprintable()


@given(OBJECTS)
def test_white_space_around_and_within_a_line_changes_nothing(value: dict[str, Any]) -> None:
    dense = read_line(1, json.dumps(value, separators=(",", ":")).encode())
    loose = read_line(1, f" {json.dumps(value, separators=(' , ', ' : '))}\t\r".encode())
    assert repr(dense) == repr(loose) or dense[0] is loose[0] is None
