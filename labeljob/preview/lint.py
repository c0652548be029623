"""Mistakes in worker templates, each with its line and what to do about it.

`check_source` reads the template alone; `check_page` renders it for one task input, so that what is wrong for a data object shows
before a worker sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from liquid.undefined import Undefined

from labeljob.preview.crowd_elements import Problem, check_attributes, check_url, rules
from labeljob.preview.markup import Tag, mask, output_places, read_page, tags_in_liquid, tags_of, with_lines
from labeljob.preview.template import WorkerTemplate, parse_liquid

_CROWD_ELEMENTS = "https://assets.crowd.aws/crowd-html-elements.js"
_SCRIPT = f'<script src="{_CROWD_ELEMENTS}"></script>'
_LOADED = re.compile(r"https://assets\.crowd\.aws/crowd-html-elements(-v\d+)?\.js")
_ENTITIES = "crowd-entity-annotation"
_FORM = "crowd-form"
_INITIAL = re.compile(r"task\.input\.initialValue(?:\.(\w+))?")
_MEDIA = {"img", "video", "audio", "source", "iframe", "embed"}
_SHARED_NAMES = {"crowd-checkbox", "crowd-toggle-button", "crowd-radio-button", "radio", "checkbox"}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake.

    Attributes:
        line: of the template, from 1.
        message: what is wrong.
        remedy: what to do.
        serious: whether workers or answers suffer; else it is advice.
    """

    line: int
    message: str
    remedy: str
    serious: bool = True

    def __str__(self) -> str:
        return f"{'error' if self.serious else 'advice'}, line {self.line}: {self.message}; {self.remedy}"


def check_template(template: WorkerTemplate, task_input: Mapping[str, Any]) -> list[Finding]:
    """All mistakes that show in the template and in its page for one task input, in the order of lines, each once."""
    return sorted({*check_source(template), *check_page(template, task_input)})


def check_source(template: WorkerTemplate) -> list[Finding]:
    """Mistakes that the template shows without a task input, in the order of lines."""
    source = template.source
    return sorted({*_check_form(source), *_check_outputs(source)})


def check_page(template: WorkerTemplate, task_input: Mapping[str, Any]) -> list[Finding]:
    """Mistakes in the page of one task input, in the order of lines of the template.

    Args:
        template: rendered with its lines marked, so that mistakes in the page are named by their place in the template.
        task_input: `taskInput` of the pre-annotation reply.
    """
    missing: list[tuple[int, str]] = []
    marked = parse_liquid(with_lines(template.source), template.name, undefined=_collecting(missing))
    tags = read_page(marked.render(task={"input": task_input}))
    found = {
        Finding(
            line,
            f"{name} is undefined for this line",
            "test for it first ({% if ... %}) or give it to the manifest",
        )
        for line, name in missing
    }
    found |= {
        Finding(tag.line, problem.message, problem.remedy)
        for tag, problem in _check_tags(tags, tags_in_liquid(template.source))
    }
    return sorted({*found, *_check_names(tags), *_check_start(template.source, task_input)})


def _check_form(source: str) -> Iterator[Finding]:
    first = re.sub(r"<!--.*?-->", "", source, flags=re.DOTALL).lstrip()
    if not _LOADED.search(source):
        yield Finding(
            1, f"does not load {_CROWD_ELEMENTS}; crowd elements stay blank", f"begin with {_SCRIPT}"
        )
    elif not _LOADED.search(first.partition("\n")[0]):
        yield Finding(1, "does not begin with the script of the crowd elements", f"begin with {_SCRIPT}")
    names = {tag.name for tag in tags_of(source)}
    if not names & {_FORM, _ENTITIES}:
        yield Finding(1, f"has no <{_FORM}>, so workers cannot submit", f"put the elements into a <{_FORM}>")


def _check_outputs(source: str) -> Iterator[Finding]:
    """What is wrong with the places where data is written into the page."""
    for output in output_places(source):
        filters = output.filters
        if "skip_autoescape" in filters and not output.literal:
            yield Finding(
                output.line,
                f"skip_autoescape on {output.expression}: text of the manifest can run as script",
                "leave it out, or write `| to_json | escape` into an attribute",
            )
        if output.place in {"script", "style"} and "grant_read_access" in filters:
            yield Finding(
                output.line,
                f"grant_read_access in <{output.place}>: its & is escaped there, which breaks the signature",
                "put the URL into an attribute, and read the attribute from there",
            )
        elif output.place in {"script", "style", "handler"} and not output.literal:
            yield Finding(
                output.line,
                f"{output.expression} in {_PLACES[output.place]}: escaping for HTML is no protection there",
                "put it into a data- attribute with `to_json | escape`, and read it with JSON.parse(element.dataset....)",
            )
        elif output.place == "unquoted":
            yield Finding(
                output.line,
                f"{output.expression} in an attribute without quotes: a blank in it begins a new attribute",
                'write attribute="{{ ... }}"',
            )
        elif output.place == "attribute" and "to_json" in filters and "escape" not in filters:
            yield Finding(
                output.line,
                "to_json in an attribute without escape: its quotes end the attribute wherever autoescaping is off",
                "write `| to_json | escape`",
                serious=False,
            )


_PLACES = {"script": "<script>", "style": "<style>", "handler": "an event handler"}


def _check_tags(tags: list[Tag], written: set[str]) -> Iterator[tuple[Tag, Problem]]:
    """What is wrong with the elements of a page; `written` are those that the template writes by its Liquid."""
    for tag in tags:
        if tag.foreign:
            if tag.name not in written:
                told = f"<{tag.name}> comes from the data and would be part of the page"
                yield tag, Problem(told, "leave out skip_autoescape")
            continue
        for problem in (*check_attributes(tag.name, tag.attributes), *_check_place(tag)):
            yield tag, problem
        for region in rules()[tag.name].regions if tag.name in rules() else ():
            if not any(region == inner.name and tag in inner.ancestors for inner in tags):
                yield tag, Problem(f"<{tag.name}> has no <{region}> inside", f"add <{region}>")


def _check_place(tag: Tag) -> Iterator[Problem]:
    """What is wrong with where an element stands, and with media."""
    outer = {ancestor.name for ancestor in tag.ancestors}
    if tag.self_closed and tag.name.startswith("crowd-"):
        yield Problem(
            f"<{tag.name} .../> is not closed in HTML and swallows what follows", f"write </{tag.name}>"
        )
    if tag.name == _ENTITIES and _FORM in outer:
        yield Problem(
            f"<{_ENTITIES}> is inside <{_FORM}>; it brings a form of its own", f"take it out of <{_FORM}>"
        )
    elif tag.name in rules() and tag.name != _ENTITIES and not outer & {_FORM, _ENTITIES}:
        yield Problem(
            f"<{tag.name}> is outside of <{_FORM}>, so its answer is not submitted",
            f"put it into the <{_FORM}>",
        )
    if tag.name in _MEDIA and tag.attributes.get("src"):
        yield from check_url(f"src of <{tag.name}>", tag.attributes["src"] or "")
    if (
        tag.name in {"input", "textarea", "select"}
        and not tag.attributes.get("name")
        and outer & {_FORM, _ENTITIES}
    ):
        yield Problem(f"<{tag.name}> has no name, so its value is not submitted", "name it")


def _check_names(tags: list[Tag]) -> Iterator[Finding]:
    """Names under which two elements would answer, and buttons of one group that answer under several."""
    seen: dict[str, int] = {}
    for tag in tags:
        name, kind = tag.attributes.get("name"), tag.attributes.get("type") or tag.name
        if not name or (tag.name not in rules() and tag.name not in {"input", "textarea", "select"}):
            continue
        if name in seen and kind not in _SHARED_NAMES:
            yield Finding(
                tag.line,
                f"the name {name!r} is taken by line {seen[name]}; only one answer is kept",
                "give each element its own name",
            )
        seen.setdefault(name, tag.line)
    for group in (tag for tag in tags if tag.name == "crowd-radio-group"):
        names = {
            tag.attributes.get("name")
            for tag in tags
            if tag.name == "crowd-radio-button" and group in tag.ancestors
        }
        if len(names) > 1:
            yield Finding(
                group.line,
                "its buttons have names of their own, so that each answers as an element of its own",
                'use <input type="radio"> with one name: {"name": {"value": true, ...}}',
                serious=False,
            )


def _check_start(source: str, task_input: Mapping[str, Any]) -> Iterator[Finding]:
    """An adjustment page that would start from nothing."""
    uses = list(_INITIAL.finditer(mask(source, comments_only=True)))
    if not uses:
        return
    line = source.count("\n", 0, uses[0].start()) + 1
    given = task_input.get("initialValue")
    wanted = {use[1] for use in uses if use[1]}
    if not given:
        yield Finding(
            line,
            "task.input.initialValue is null: the line carries no earlier label that can be shown",
            "name it in the setting adjust-label, or take the output manifest of the earlier job",
            serious=False,
        )
    elif wanted and not wanted & given.keys():
        yield Finding(
            line,
            f"the earlier label has {', '.join(given)}, the page starts from {', '.join(sorted(wanted))}",
            "take the adjustment page of the earlier label's kind",
            serious=False,
        )


def _collecting(missing: list[tuple[int, str]]) -> type[Undefined]:
    """An undefined that notes where it is used, and is empty; to test for it is no use."""

    class Collecting(Undefined):
        def _note(self) -> None:
            start, source = (self.token.start_index, self.token.source) if self.token is not None else (0, "")
            name = (self.hint or str(self.name)).removesuffix(" is undefined")
            missing.append((source.count("\n", 0, start) + 1, name))

        def __str__(self) -> str:
            self._note()
            return ""

        def __len__(self) -> int:
            self._note()
            return 0

        def __bool__(self) -> bool:
            return False

    return Collecting
