"""docs/misconfigurations.md: every rule that `labeljob create`, `doctor` and `manifest` check, from where the rules are declared.

python -m tools.rule_tables    # write the page anew
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from labeljob import doctor
from labeljob.findings import Rule
from labeljob.launch import rules as launch
from labeljob.manifest import rules as manifest

PAGE = Path(__file__).parents[1] / "docs" / "misconfigurations.md"
_INTRODUCTION = """\
# What is checked before a job costs money

A labeling job that is set up wrongly is refused with a regular expression, or runs and fails hours later, or finishes with labels
missing. `labeljob create` checks what can be told from the job file before it uploads or creates anything; `labeljob doctor` checks this
and what only AWS knows; `labeljob manifest check` checks every line of an input manifest, and `doctor` does so too. Each finding names
the place, says why the job would fail, and gives the command or the change that mends it. For each rule below there is a test that takes
a sound job, breaks just this, and sees just this found.

This page is made from the code (`python -m tools.rule_tables`).
"""


def page() -> str:
    """The page as the rules are now."""
    create = tuple(launch.RULES)
    lines = tuple(manifest.RULES)
    account = tuple(rule for rule in doctor.RULES if rule not in {*create, *lines})
    sections = (
        (f"`labeljob create`: {len(create)} rules of the job file", create),
        (f"`labeljob doctor`: {len(account)} rules of the account and the deployment", account),
        (f"`labeljob manifest check`: {len(lines)} rules of input manifests", lines),
    )
    return "\n".join([_INTRODUCTION, *(_section(title, rules) for title, rules in sections)])


def _section(title: str, rules: Iterable[Rule]) -> str:
    rows = "\n".join(_rows(rules))
    return f"## {title}\n\n| rule | what must be | what happens otherwise | source |\n| --- | --- | --- | --- |\n{rows}\n"


def _rows(rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        cells = (f"`{rule.code}`", _begun(rule.asks), _begun(rule.why), rule.source)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _begun(text: str) -> str:
    """A clause or a sentence as a cell has it."""
    return text[:1].upper() + text[1:].rstrip(".")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
