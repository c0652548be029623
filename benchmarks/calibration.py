"""Reliability diagrams: how far our confidence can be trusted, one picture for each kind, from all work that tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.groups import Group
from benchmarks.markdown import table
from benchmarks.real.rows import Row
from benchmarks.reliability import BINS, Reliability
from benchmarks.runs import ROOT
from benchmarks.systems import OURS
from benchmarks.targets import Records

_INTRODUCTION = """## Confidence

Of what is called 80 % sure, is 80 % right? Each dot is a tenth of the scale: how sure our labels are there on average, and how many are
right; on the diagonal the confidence means what it says. Below, how many statements fall there. All works of a kind count alike. Of
parts, candidates count too; of a semantic mask each category of an image is a statement, its share of right pixels the outcome."""
_STYLE = """<style>
text { fill: #57606a } .frame { fill: none; stroke: #8c959f } .level { stroke: #8c959f; stroke-dasharray: 3 3 }
.bar { fill: #8c959f } .gap { stroke: #cf222e; stroke-width: 2 } .dot { fill: #0969da }
@media (prefers-color-scheme: dark) { text { fill: #9198a1 } .dot { fill: #4493f8 } .gap { stroke: #f85149 } }
</style>"""
IMAGES = ROOT / "docs" / "images"
_SIDE, _LEFT, _TOP, _FOOT = 240, 46, 16, 62
_BARS = 34
"""Height of the share of the statements, below the diagram."""


REAL = ("asthma_boxes", "conll_ner", "medical_relations")
"""Modules of `benchmarks/real` that tell of a confidence, beside the real classes."""


def by_kind(
    works: Mapping[str, Group], records: Records, rows: Sequence[Row] = ()
) -> dict[str, dict[str, Reliability]]:
    """What each work, and each row of a real set, tells of the confidence of a kind: by kind and name."""
    found: dict[str, dict[str, Reliability]] = {}
    for row in rows:
        if row.reliability is not None:
            found.setdefault(row.kind, {})[f"{row.data_set}, {row.metric}"] = row.reliability
    for name, group in works.items():
        record = records.get(name, {}).get(OURS)
        if group.kind and record is not None and record.reliability is not None:
            source = name if not name.startswith("real:") else group.title
            found.setdefault(group.kind, {})[source] = record.reliability
    return dict(sorted(found.items()))


def sections(works: Mapping[str, Group], records: Records, rows: Sequence[Row] = ()) -> list[str]:
    """The section of the page, its pictures drawn; none where nothing was measured."""
    kinds = by_kind(works, records, rows)
    if not kinds:
        return []
    lines, pictures = [], []
    for kind, sources in kinds.items():
        together = mean_of(list(sources.values()))
        (IMAGES / f"calibration-{kind}.svg").write_text(diagram(kind, together))
        pictures.append(f"![Reliability of the confidence of {kind}](images/calibration-{kind}.svg)")
        lines += [
            (f"`{kind}`", source, f"{sum(one.weight):,.0f}", f"{one.error():.4f}")
            for source, one in sources.items()
        ]
    listed = table(("kind", "work", "statements", "calibration error"), lines)
    return ["\n\n".join((_INTRODUCTION, "\n".join(pictures), listed))]


def mean_of(sources: Sequence[Reliability]) -> Reliability:
    """Works of any size, each with the same weight."""
    scaled = []
    for one in sources:
        total = sum(one.weight) or 1.0
        scaled.append(
            Reliability(
                *(tuple(value / total for value in sums) for sums in (one.weight, one.confidence, one.right))
            )
        )
    return Reliability.total(scaled)


def diagram(kind: str, reliability: Reliability) -> str:
    """An SVG, the same for the same sums; it reads on light and dark pages."""
    width, height = _LEFT + _SIDE + 14, _TOP + _SIDE + _BARS + _FOOT
    right = _LEFT + _SIDE
    base = _TOP + _SIDE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>Reliability of the confidence of {kind}: calibration error {reliability.error():.3f}</title>",
        _STYLE,
        '<g font-family="sans-serif" font-size="11">',
        f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}"/>',
        f'<line class="level" x1="{_LEFT}" y1="{base}" x2="{right}" y2="{_TOP}"/>',
    ]
    for step in range(0, 11, 2):
        x, y = _LEFT + _SIDE * step / 10, base - _SIDE * step / 10
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4:g}" text-anchor="end">{step * 10}</text>')
        lines.append(f'<text x="{x:g}" y="{base + _BARS + 18}" text-anchor="middle">{step * 10}</text>')
    lines += _marks(reliability, base)
    middle = _LEFT + _SIDE / 2
    lines += [
        f'<text x="{middle:g}" y="{base + _BARS + 34}" text-anchor="middle">confidence of {kind}, %</text>',
        f'<text x="{middle:g}" y="{base + _BARS + 50}" text-anchor="middle">calibration error {reliability.error():.3f}</text>',
        f'<text x="12" y="{_TOP + _SIDE / 2:g}" text-anchor="middle" transform="rotate(-90 12 {_TOP + _SIDE / 2:g})">right, %</text>',
        "</g>\n</svg>",
    ]
    return "\n".join(lines) + "\n"


def _marks(reliability: Reliability, base: int) -> list[str]:
    """Of each tenth: a dot, its way to the diagonal, and the bar of how many statements it has."""
    marks = []
    most = max(reliability.weight) or 1.0
    for place in range(BINS):
        weight = reliability.weight[place]
        if not weight:
            continue
        sure, right = reliability.confidence[place] / weight, reliability.right[place] / weight
        x, y, level = _LEFT + _SIDE * sure, base - _SIDE * right, base - _SIDE * sure
        tall = _BARS * weight / most
        marks += [
            f'<rect class="bar" x="{_LEFT + _SIDE * place / BINS + 2:g}" y="{base + 4}" width="{_SIDE / BINS - 4:g}" height="{tall:.1f}"/>',
            f'<line class="gap" x1="{x:.1f}" y1="{y:.1f}" x2="{x:.1f}" y2="{level:.1f}"/>',
            f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>',
        ]
    return marks
