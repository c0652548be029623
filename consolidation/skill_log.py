"""What the skill store writes: one record per request, and checkpoints that sum up all records before them.

A sum is counted in whole millionths, so that it is the same in whatever order records are added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from consolidation.estimation.tallies import DIGITS, Key, Tallies
from consolidation.learning import ElementKind, Known
from shared.errors import ContractError
from shared.json_node import Json, JsonNode, parse_json, write_json

FORMAT = 1
_UNITS: int = 10**DIGITS
_MOST = 1e9
"""Largest sum that is believed: more answers than any job has."""
_PAIR = 2
Sums: TypeAlias = dict[ElementKind, dict[str, dict[Key, int]]]


@dataclass(frozen=True, slots=True)
class Record:
    """What one request adds.

    Attributes:
        request: digest of the request.
        known: how many records were known when it was consolidated: the first so many of the log.
        job: digest that tells data objects of one job from those of another.
        learned: the statistics of its data objects, and these.
    """

    request: str
    known: int
    job: str
    learned: Known

    def to_bytes(self) -> bytes:
        """The record as it is stored; the same record gives the same bytes."""
        return _written(
            {
                "format": FORMAT,
                "request": self.request,
                "known": self.known,
                "job": self.job,
                "objects": sorted(self.learned.objects),
                "elements": _elements_to_wire(self.learned.tallies),
            }
        )

    @classmethod
    def parse(cls, body: bytes) -> Record:
        """Read a record.

        Raises:
            ContractError: it is none, or one of another format.
        """
        root = _root(body)
        sums = _sums(root["elements"])
        return cls(
            root["request"].string(),
            root["known"].integer(least=0),
            root["job"].string(),
            Known(_tallies(sums), frozenset(root["objects"].strings())),
        )


@dataclass(slots=True)
class Summary:
    """The first records of the log together.

    Attributes:
        position: how many.
        requests: of each request, how many records were known when it was consolidated.
        objects: ids of the data objects counted, by job.
        sums: in millionths.
    """

    position: int = 0
    requests: dict[str, int] = field(default_factory=dict)
    objects: dict[str, set[str]] = field(default_factory=dict)
    sums: Sums = field(default_factory=dict)

    def add(self, record: Record | None) -> None:
        """Add the next record; None: it cannot be read, and counts for nothing.

        A record about a data object that an earlier one has is left out: two requests at the same time had it, and what it shows
        counts once.
        """
        self.position += 1
        if record is None:
            return
        self.requests.setdefault(record.request, record.known)
        seen = self.objects.setdefault(record.job, set())
        if not seen.isdisjoint(record.learned.objects):
            return
        seen |= record.learned.objects
        for key, tallies in record.learned.tallies.items():
            workers = self.sums.setdefault(key, {})
            for worker, sums in tallies.workers.items():
                own = workers.setdefault(worker, {})
                for name, value in sums.items():
                    own[name] = own.get(name, 0) + _units(value)

    def known(self, job: str) -> Known:
        """What the records say, as the requests of a job see it."""
        return Known(_tallies(self.sums), frozenset(self.objects.get(job, ())))

    def to_bytes(self) -> bytes:
        """The summary as a checkpoint; the same records give the same bytes."""
        return _written(
            {
                "format": FORMAT,
                "position": self.position,
                "requests": dict(sorted(self.requests.items())),
                "objects": {job: sorted(names) for job, names in sorted(self.objects.items())},
                "elements": _elements_to_wire(_tallies(self.sums)),
            }
        )

    @classmethod
    def parse(cls, body: bytes) -> Summary:
        """Read a checkpoint.

        Raises:
            ContractError: it is none, or one of another format.
        """
        root = _root(body)
        return cls(
            root["position"].integer(least=1),
            {request: node.integer(least=0) for request, node in root["requests"].items()},
            {job: set(node.strings()) for job, node in root["objects"].items()},
            _sums(root["elements"]),
        )


def _root(body: bytes) -> JsonNode:
    root = parse_json(body, error=ContractError)
    if root["format"].value != FORMAT:
        raise root.fail(f"is not of format {FORMAT}")
    return root


def _written(document: Json) -> bytes:
    return write_json(document).encode()


def _units(value: float) -> int:
    return round(value * _UNITS)


def _tallies(sums: Sums) -> dict[ElementKind, Tallies]:
    """What `to_wire` would leave out is left out, so that sums read from a checkpoint are those of its records."""
    return {
        key: Tallies(
            {
                worker: {name: units / _UNITS for name, units in own.items() if units}
                for worker, own in workers.items()
                if any(own.values())
            }
        )
        for key, workers in sums.items()
    }


def _elements_to_wire(tallies: Mapping[ElementKind, Tallies]) -> list[Json]:
    return [
        {"element": element, "kind": kind, "workers": dict(tallies[element, kind].to_wire())}
        for element, kind in sorted(tallies)
    ]


def _sums(node: JsonNode) -> Sums:
    return {
        (entry["element"].string(empty=True), entry["kind"].string()): {
            worker: dict(_own_sums(sums.elements())) for worker, sums in entry["workers"].items()
        }
        for entry in node.elements()
    }


def _own_sums(nodes: Iterable[JsonNode]) -> Iterable[tuple[Key, int]]:
    for node in nodes:
        parts = tuple(node.elements())
        if len(parts) != _PAIR:
            raise node.fail("must be a key and its sum")
        yield parts[0].strings(), _units(parts[1].number(least=-_MOST, most=_MOST))
