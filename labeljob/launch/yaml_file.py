"""YAML read with its lines: typed values, every fault named by line and key, all faults told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

import yaml

from shared.errors import ContractError

_Value = TypeVar("_Value")
_NULL, _BOOL = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"
_TRUE = frozenset({"yes", "true", "on"})
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_PART = r"\d+\s*(?:s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?)?|d(?:ays?)?)"
_DURATION = re.compile(rf"{_PART}(?:\s*{_PART})*")
_SECONDS = re.compile(r"\d+")
_MOST_DOLLARS = 1_000_000
"""What is no price at all, and may be too large to reckon with."""


@dataclass(slots=True)
class YamlFile:
    """A YAML file of one mapping.

    Attributes:
        path: of the file.
        lines: line number of each key and list item by its path, such as `{"labels[1]": 12}`.
        faults: line and text of what is wrong; line 0 for the whole file.
    """

    path: Path
    lines: dict[str, int] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)

    def root(self) -> Section:
        """The file's mapping.

        Raises:
            ContractError: the file cannot be read, or is not YAML.
        """
        try:
            node = yaml.compose(self.path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
        except (OSError, UnicodeDecodeError) as failure:
            raise ContractError(f"{self.path} cannot be read: {failure}") from failure
        except yaml.MarkedYAMLError as failure:
            mark = failure.problem_mark
            line = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
            raise ContractError(f"{self.path}{line}: not YAML: {failure.problem}") from failure
        except yaml.YAMLError as failure:
            raise ContractError(f"{self.path}: not YAML: {failure}") from failure
        return Section(self, node, "")

    def fault(self, node: yaml.Node | None, key: str, message: str) -> None:
        """Note what is wrong at a key."""
        self.faults.append((node.start_mark.line + 1 if node else 0, f"{key}: {message}" if key else message))

    def refuse_faults(self) -> None:
        """Raise what has been noted.

        Raises:
            ContractError: there is any fault; names them all.
        """
        told = [f"line {line}: {text}" if line else text for line, text in sorted(self.faults)]
        if len(told) == 1:
            raise ContractError(f"{self.path} {told[0]}")
        if told:
            raise ContractError("\n  ".join((f"{self.path}: {len(told)} faults", *told)))


class Section:
    """A mapping of a YAML file. A value that is absent or null is None; a wrong one is a fault of the file, and None.

    Attributes:
        path: of the section, such as `workforce.public`; empty for the whole file.
    """

    def __init__(self, file: YamlFile, node: yaml.Node | None, path: str) -> None:
        self._file = file
        self.path = path
        self._values: dict[str, yaml.Node] = {}
        if isinstance(node, yaml.MappingNode):
            self._take(node)
        elif node is not None and node.tag != _NULL:
            file.fault(node, path, f"must be `key: value` lines, is {_kind(node)}")

    def _take(self, node: yaml.MappingNode) -> None:
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name in self._values:
                first = self._file.lines[self.key(name)]
                self._file.fault(key, self.key(name), f"is there twice; line {first} has it as well")
                continue
            self._values[name] = value
            self._file.lines[self.key(name)] = key.start_mark.line + 1

    def key(self, name: str) -> str:
        """Path of a key of this section."""
        return f"{self.path}.{name}" if self.path else name

    def has(self, name: str) -> bool:
        """Whether a key is there with a value."""
        return self._of(name) is not None

    def required(self, name: str, value: _Value | None) -> _Value | None:
        """`value`, that of `name`; a fault when the key is absent."""
        if not self.has(name):
            self._file.fault(None, self.key(name), "is missing")
        return value

    def section(self, name: str) -> Section:
        """The mapping under a key; empty when absent."""
        return Section(self._file, self._of(name), self.key(name))

    def text(self, name: str) -> str | None:
        """A text. What YAML takes for a number or a truth value is taken as it is written: `no` is "no"."""
        return self._read(name, _text)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty when absent."""
        node = self._of(name)
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self._file.fault(node, self.key(name), f"must be a list such as [one, two], is {_kind(node)}")
            return ()
        return tuple(self._elements(name, node))

    def _elements(self, name: str, node: yaml.SequenceNode) -> Iterator[str]:
        for index, element in enumerate(node.value):
            key = f"{self.key(name)}[{index}]"
            self._file.lines[key] = element.start_mark.line + 1
            value = self._converted(element, key, _text)
            if value is not None:
                yield value

    def mapping(self, name: str) -> dict[str, str]:
        """A mapping of texts; empty when absent."""
        inner = self.section(name)
        return {key: inner._read(key, _text, empty=True) or "" for key in inner._values}  # noqa: SLF001 - its own kind

    def flag(self, name: str) -> bool | None:
        """`true` or `false`."""
        return self._read(name, _flag)

    def number(self, name: str) -> int | None:
        """A whole number."""
        return self._read(name, _number)

    def seconds(self, name: str) -> int | None:
        """A duration such as `8h`, `30 min`, `1h 30m`, or a number of seconds."""
        return self._read(name, _seconds)

    def dollars(self, name: str) -> Decimal | None:
        """A price such as `0.036`; a leading `$` is tolerated."""
        return self._read(name, _dollars)

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """One of some words."""
        value = self.text(name)
        if value is None or value in choices:
            return value
        self._file.fault(self._of(name), self.key(name), f"there is no {value!r}{_nearest(value, choices)}")
        return None

    def refuse_others(self, known: tuple[str, ...]) -> None:
        """Note each key that is not one of `known` as a fault."""
        for name, value in self._values.items():
            if name not in known:
                told = f"is not a key of a job file{_nearest(name, known)}"
                self._file.fault(value, self.key(name), told)

    def _of(self, name: str) -> yaml.Node | None:
        node = self._values.get(name)
        return None if node is None or node.tag == _NULL else node

    def _read(
        self, name: str, convert: Callable[[yaml.ScalarNode], _Value], *, empty: bool = False
    ) -> _Value | None:
        node = self._of(name)
        return None if node is None else self._converted(node, self.key(name), convert, empty=empty)

    def _converted(
        self,
        node: yaml.Node,
        key: str,
        convert: Callable[[yaml.ScalarNode], _Value],
        *,
        empty: bool = False,
    ) -> _Value | None:
        if not isinstance(node, yaml.ScalarNode):
            self._file.fault(node, key, f"must be one value, is {_kind(node)}")
            return None
        try:
            if node.value == "" and not empty:
                raise ValueError("is empty; leave the key out instead")
            return convert(node)
        except ValueError as failure:
            self._file.fault(node, key, str(failure))
            return None


def _text(node: yaml.ScalarNode) -> str:
    return str(node.value).rstrip("\n")  # a block (`>`, `|`) ends in one that nobody means


def _flag(node: yaml.ScalarNode) -> bool:
    if node.tag != _BOOL:
        raise ValueError(f"must be true or false, is {node.value!r}")
    return node.value.lower() in _TRUE


def _number(node: yaml.ScalarNode) -> int:
    try:
        return int(node.value)
    except ValueError:
        raise ValueError(f"must be a whole number, is {node.value!r}") from None


def _seconds(node: yaml.ScalarNode) -> int:
    text = node.value.strip().lower()
    if _SECONDS.fullmatch(text):
        return int(text)
    if not _DURATION.fullmatch(text):
        raise ValueError(f"must be a duration such as 8h, 30 min or 45 s, is {node.value!r}")
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)\s*([smhd])", text))


def _dollars(node: yaml.ScalarNode) -> Decimal:
    try:
        price = Decimal(node.value.removeprefix("$"))
    except InvalidOperation:
        raise ValueError(f"must be US dollars such as 0.036, is {node.value!r}") from None
    if not price.is_finite() or abs(price) >= _MOST_DOLLARS:
        raise ValueError(f"must be US dollars such as 0.036, is {node.value!r}")
    return price


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return repr(node.value)


def _nearest(word: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean `{near[0]}`?" if near else f"; known are {', '.join(known)}"
