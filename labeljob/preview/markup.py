"""Templates as markup: where Liquid writes into the page, and the page's elements with their lines in the template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

_OUTPUT, _HOLE = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL), "\ue000"
_COMMENTS = re.compile(r"\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}|<!--.*?-->", re.DOTALL)
_LOGIC = re.compile(r"\{%.*?%\}", re.DOTALL)
_RAW = re.compile(r"<(script|style)\b[^>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"""<([a-zA-Z][^\s/>]*)((?:"[^"]*"|'[^']*'|[^'">])*)>""", re.DOTALL)
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", re.DOTALL)
_LINE = "data-template-line"
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass(frozen=True, slots=True)
class Tag:
    """An element's start tag.

    Attributes:
        name: of the element.
        attributes: with their references resolved.
        line: of the template, from 1; that of the element around it, where it is not in the template.
        ancestors: elements around it, the outermost first.
        self_closed: written as `<x/>`.
        foreign: not in the template: it came from the data.
    """

    name: str
    attributes: Mapping[str, str | None]
    line: int
    ancestors: tuple[Tag, ...] = ()
    self_closed: bool = False
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """A place where a template writes a value.

    Attributes:
        line: from 1.
        expression: what is written, without filters.
        filters: names of the filters, in order.
        place: `script`, `style`, `handler` (an attribute such as onclick), `unquoted` (an attribute without quotes), `attribute` or `text`.
    """

    line: int
    expression: str
    filters: tuple[str, ...]
    place: str

    @property
    def literal(self) -> bool:
        """Whether it is a text of the template itself."""
        return self.expression[:1] in {"'", '"'}


def mask(source: str, *, comments_only: bool = False) -> str:
    """The template, each character in its place, with comments blank; Liquid is blank too, or holes where it writes values."""
    masked = _COMMENTS.sub(_blank, source)
    if comments_only:
        return masked
    return _LOGIC.sub(_blank, _OUTPUT.sub(lambda found: _blank(found, _HOLE), masked))


def tags_of(source: str) -> list[Tag]:
    """The start tags of a template, whatever its conditions."""
    masked = _without_scripts(mask(source))
    return [
        Tag(found[1].lower(), {}, source.count("\n", 0, found.start()) + 1) for found in _TAG.finditer(masked)
    ]


def tags_in_liquid(source: str) -> set[str]:
    """Names of elements in the texts that Liquid code holds, such as `{{ '<br>' | skip_autoescape }}`."""
    code = "".join(found[0] for found in (*_OUTPUT.finditer(source), *_LOGIC.finditer(source)))
    return {name.lower() for name in re.findall(r"""<([a-zA-Z][^\s/>'"]*)""", code)}


def output_places(source: str) -> Iterator[Output]:
    """The places where a template writes values."""
    masked = mask(source)
    regions = [(found.start(2), found.end(2), found[1].lower()) for found in _RAW.finditer(masked)]
    for tag in _TAG.finditer(_without_scripts(masked)):
        for attribute in _ATTRIBUTE.finditer(tag[2]):
            start = tag.start(2) + attribute.start(2)
            regions.append((start, start + len(attribute[2]), _attribute_place(attribute)))
    for found in _OUTPUT.finditer(mask(source, comments_only=True)):
        expression, *filters = _split(found[1])
        names = tuple(one.partition(":")[0].strip() for one in filters)
        place = next((place for start, end, place in regions if start <= found.start() < end), "text")
        yield Output(source.count("\n", 0, found.start()) + 1, expression.strip(), names, place)


def with_lines(source: str) -> str:
    """The template with the line of each start tag in an attribute of it."""
    masked = _without_scripts(mask(source))
    parts, end = [], 0
    for tag in _TAG.finditer(masked):
        line = source.count("\n", 0, tag.start()) + 1
        parts += [source[end : tag.end(1)], f' {_LINE}="{line}"']
        end = tag.end(1)
    return "".join([*parts, source[end:]])


def read_page(page: str) -> list[Tag]:
    """The elements of a page that was rendered from `with_lines`, in order."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.tags


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self._open: list[Tag] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = self._add(tag, attrs, self_closed=False)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = self._add(tag, attrs, self_closed=True)
        if tag not in _VOID:
            self._open.append(element)  # as a browser does

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place].name == tag:
                del self._open[place:]
                return

    def _add(self, tag: str, attrs: list[tuple[str, str | None]], *, self_closed: bool) -> Tag:
        attributes = dict(attrs)
        line = attributes.pop(_LINE, None)
        around = self._open[-1].line if self._open else 1
        made = Tag(tag, attributes, int(line or around), tuple(self._open), self_closed, line is None)
        self.tags.append(made)
        return made


def _without_scripts(masked: str) -> str:
    """The bodies of scripts and styles are no markup."""
    return _RAW.sub(
        lambda found: (
            found[0][: found.start(2) - found.start()]
            + " " * len(found[2])
            + found[0][found.end(2) - found.start() :]
        ),
        masked,
    )


def _attribute_place(attribute: re.Match[str]) -> str:
    if attribute[1].lower().startswith("on"):
        return "handler"
    return "attribute" if attribute[2][:1] in {"'", '"'} else "unquoted"


def _split(expression: str) -> list[str]:
    """The value and its filters; a bar inside quotes does not count."""
    return [part for part in re.findall(r"""(?:"[^"]*"|'[^']*'|[^|"'])+""", expression) if part.strip()] or [
        ""
    ]


def _blank(found: re.Match[str], filler: str = " ") -> str:
    return re.sub(r"[^\n]", filler, found[0])
