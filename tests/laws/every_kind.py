"""The kinds under the laws: the `LAW` of every file in `tests/laws/kinds/`, in the order of the table of kinds."""

from __future__ import annotations

import importlib
from pathlib import Path

from consolidation.kinds import KINDS
from tests.laws.merging import KindUnderLaw

UNDER_LAW: tuple[KindUnderLaw, ...] = tuple(
    sorted(
        (
            importlib.import_module(f"tests.laws.kinds.{file.stem}").LAW
            for file in Path(__file__).parent.glob("kinds/*.py")
        ),
        key=lambda law: KINDS.index(law.kind),
    )
)
