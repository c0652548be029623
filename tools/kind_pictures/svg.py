"""A little SVG: panels side by side, lines, areas and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from labeljob.report.outlines import Outline

WORKERS = ("#0050c8", "#b00020", "#00795c")
"""Colours of the workers' lines."""
CATEGORIES = ("#c2570c", "#6a3d9a", "#2c7a2c", "#a6761d")
"""Colours of the label categories."""
INK, SOFT = "#1b1f24", "#545c66"
ROW = 17
"""Height of a row of words."""
_TITLE = 24
_GAP = 14


@dataclass
class Panel:
    """One picture with a title; the origin of its marks is its own top left corner."""

    title: str
    width: float
    height: float
    marks: list[str] = field(default_factory=list)

    def outline(
        self, outline: Outline, colour: str, *, scale: float = 1, thick: bool = False, dashed: bool = False
    ) -> None:
        """Draw the line of a part; a thick one is filled."""
        points = tuple((x * scale, y * scale) for x, y in outline.points)
        path = Outline(points, outline.closed).path(5 if thick else 4)
        fill = colour if thick and outline.closed and not dashed else "none"
        dash = ' stroke-dasharray="5 3"' if dashed else ""
        self.marks.append(
            f'<path d="{path}" stroke="{colour}" stroke-width="{2.5 if thick else 1.3}" fill="{fill}" fill-opacity=".18"{dash}/>'
        )

    def words(
        self,
        x: float,
        y: float,
        text: str,
        colour: str = INK,
        *,
        bold: bool = False,
        small: bool = False,
        even: bool = False,
    ) -> None:
        """Write a line of words from (x, y), its base line; `even` ones have letters of one width."""
        family = ' font-family="DejaVu Sans Mono, monospace"' if even else ""
        weight = ' font-weight="700"' if bold else ""
        self.marks.append(
            f'<text x="{x:g}" y="{y:g}" fill="{colour}" font-size="{10 if small else 12}"{weight}{family} '
            f'xml:space="preserve">{escape(text)}</text>'
        )

    def area(self, x: float, y: float, width: float, height: float, colour: str, opacity: float = 1) -> None:
        """Fill a rectangle."""
        self.marks.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{colour}" fill-opacity="{opacity:g}"/>'
        )

    def image(self, uri: str, width: float, height: float) -> None:
        """Show a small picture in the panel's corner, its pixels sharp."""
        self.marks.append(
            f'<image href={quoteattr(uri)} width="{width:g}" height="{height:g}" style="image-rendering:pixelated"/>'
        )


def figure(panels: Sequence[Panel], description: str) -> str:
    """An SVG document with the panels side by side.

    Args:
        panels: at least one.
        description: the picture in words, for those who do not see it.
    """
    height = max(panel.height for panel in panels) + _TITLE + _GAP
    body, left = list[str](), float(_GAP)
    for panel in panels:
        body.append(f'<g transform="translate({left:g} {_TITLE:g})">')
        body.append(f'<text x="0" y="-8" fill="{SOFT}" font-size="12">{escape(panel.title)}</text>')
        body.append(
            f'<rect width="{panel.width:g}" height="{panel.height:g}" fill="#f6f7f9" stroke="#d5dae0"/>'
        )
        body += [*panel.marks, "</g>"]
        left += panel.width + _GAP
    size = f'viewBox="0 0 {left:g} {height:g}" width="{left:g}" height="{height:g}"'
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(description)} '
        'font-family="DejaVu Sans, Verdana, sans-serif">'
    )
    ground = f'<rect width="{left:g}" height="{height:g}" fill="#ffffff"/>'
    return "\n".join([opening, ground, *body, "</svg>\n"])
