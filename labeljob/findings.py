"""What is wrong with a labeling job before it runs: a rule, what breaks it here, why that fails the job, and what mends it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from types import ModuleType

_WIDTH, _MARGIN = 100, 8
_COMMANDS = ("aws ", "sam ", "labeljob ")


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that a labeling job must keep.

    Attributes:
        code: short name, such as `keyword-hyphen`; unique.
        asks: what must be, in one clause, for the table in the documentation.
        why: what happens to the job otherwise.
        source: where that is written: an API member or a page of AWS's documentation.
    """

    code: str
    asks: str
    why: str
    source: str

    def broken(self, what: str, mend: str, *, place: str = "", serious: bool = True) -> Finding:
        """A finding of this rule."""
        return Finding(self, what, mend, place, serious)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken, or could not be checked.

    Attributes:
        rule: which.
        what: what is wrong, with the value.
        mend: the command or the change that mends it.
        place: where, such as `job.yaml line 12, keywords[1]`; may be empty.
        serious: whether the job would fail or lose labels; else it is advice.
    """

    rule: Rule
    what: str
    mend: str
    place: str = ""
    serious: bool = True

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.what} [{self.rule.code}]"

    def told(self) -> str:
        """The finding for people: what is wrong, why it matters and what mends it; prose is wrapped, commands are not."""
        first, _, rest = self.mend.partition("\n")
        mend = f"  mend  {first}" if first.startswith(_COMMANDS) else _wrapped("  mend  ", first)
        if rest:
            mend += "\n" + textwrap.indent(rest, " " * _MARGIN)
        what = _wrapped("error  " if self.serious else "advice  ", str(self))
        return "\n".join((what, _wrapped("  why   ", self.rule.why), mend))


def _wrapped(head: str, text: str) -> str:
    """Lines of prose beside their heading."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=" " * _MARGIN,
        break_long_words=False,
        break_on_hyphens=False,
    )


def rules_of(*modules: ModuleType) -> tuple[Rule, ...]:
    """The rules that are constants of some modules, in the order in which they are written."""
    return tuple(value for module in modules for value in vars(module).values() if isinstance(value, Rule))
