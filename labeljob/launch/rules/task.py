"""Rules of what workers read of the task, of how much of it is done, and of tags."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from labeljob.findings import Finding, Rule
from labeljob.launch.launch import Launch

_TITLE, _DESCRIPTION = 128, 255
_NOT_IN_TITLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd]")
_KEYWORDS, _KEYWORD = 5, 30
_KEYWORD_FORM = re.compile(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*")
_CONCURRENT, _CONCURRENT_QUOTA = 5_000, 1_000
_TAGS, _TAG_KEY, _TAG_VALUE = 50, 128, 256
_STOPPING = "CreateLabelingJob: StoppingConditions"

TITLE = Rule(
    "title",
    "The title has 1 to 128 characters, without emoji.",
    "CreateLabelingJob refuses it.",
    "CreateLabelingJob: TaskTitle",
)
DESCRIPTION = Rule(
    "description",
    "The description is one line of 1 to 255 characters.",
    "CreateLabelingJob refuses it.",
    "CreateLabelingJob: TaskDescription",
)
KEYWORD_COUNT = Rule(
    "keyword-count",
    "There are at most 5 keywords.",
    "CreateLabelingJob refuses more.",
    "CreateLabelingJob: TaskKeywords",
)
KEYWORD_LENGTH = Rule(
    "keyword-length",
    "A keyword has at most 30 characters.",
    "CreateLabelingJob refuses longer ones.",
    "CreateLabelingJob: TaskKeywords",
)
KEYWORD_FORM = Rule(
    "keyword-form",
    "A keyword is made of letters, digits and single blanks: no hyphen.",
    "CreateLabelingJob refuses it; boto3 does not check it before, and AWS's own example `Multi-label` has one.",
    "CreateLabelingJob: TaskKeywords",
)
MAX_CONCURRENT = Rule(
    "max-concurrent",
    "1 to 5,000 objects are at work at a time.",
    "CreateLabelingJob refuses anything else.",
    "CreateLabelingJob: MaxConcurrentTaskCount",
)
MAX_CONCURRENT_QUOTA = Rule(
    "max-concurrent-quota",
    "More than 1,000 objects at a time have been agreed with AWS Support.",
    "CreateLabelingJob refuses the job where the account's quota is the usual 1,000.",
    "CreateLabelingJob: MaxConcurrentTaskCount",
)
STOP_OBJECTS = Rule(
    "stop-objects",
    "A job stops after 1 object or more.",
    "CreateLabelingJob refuses less.",
    _STOPPING,
)
STOP_PERCENTAGE = Rule(
    "stop-percentage",
    "A job stops after 1 to 100 percent of its objects.",
    "CreateLabelingJob refuses anything else.",
    _STOPPING,
)
STOP_STREAMING = Rule(
    "stop-streaming",
    "A streaming job has no stopping conditions.",
    "They are ignored: the job labels, and costs, on until it is stopped.",
    "Developer Guide: Create a Streaming Labeling Job",
)
TAG_COUNT = Rule(
    "tag-count",
    "A job has at most 50 tags.",
    "CreateLabelingJob refuses more.",
    "CreateLabelingJob: Tags",
)
TAG_KEY = Rule(
    "tag-key",
    "A tag's key has 1 to 128 letters, digits, blanks and _.:/=+-@ and does not begin with aws:.",
    "CreateLabelingJob refuses it.",
    "CreateLabelingJob: Tags",
)
TAG_VALUE = Rule(
    "tag-value",
    "A tag's value has at most 256 letters, digits, blanks and _.:/=+-@.",
    "CreateLabelingJob refuses it.",
    "CreateLabelingJob: Tags",
)


def check(launch: Launch) -> Iterator[Finding]:
    """What is wrong with the task's texts, its limits and the tags."""
    yield from _check_texts(launch)
    yield from _check_keywords(launch)
    yield from _check_amounts(launch)
    yield from _check_tags(launch)


def _check_texts(launch: Launch) -> Iterator[Finding]:
    title, description = launch.job.title, launch.job.description
    if not 1 <= len(title) <= _TITLE:
        told = f"the title has {len(title)} characters, allowed are 1 to {_TITLE}"
        yield launch.broken(TITLE, "title", told, "shorten it" if title else "give it one")
    elif wrong := _NOT_IN_TITLE.search(title):
        told = f"the title has {wrong[0]!r}, which is not allowed there"
        yield launch.broken(TITLE, "title", told, "leave it out")
    if not 1 <= len(description) <= _DESCRIPTION:
        told = f"the description has {len(description)} characters, allowed are 1 to {_DESCRIPTION}"
        mend = "shorten it; what workers need to know belongs on their page"
        yield launch.broken(DESCRIPTION, "description", told, mend)
    elif "\n" in description:
        told = f"the description has {description.count(chr(10)) + 1} lines"
        yield launch.broken(DESCRIPTION, "description", told, "write it on one line, or after `>-`")


def _check_keywords(launch: Launch) -> Iterator[Finding]:
    keywords = launch.job.keywords
    if len(keywords) > _KEYWORDS:
        told = f"there are {len(keywords)} keywords, allowed are {_KEYWORDS}"
        yield launch.broken(KEYWORD_COUNT, "keywords", told, f"keep {', '.join(keywords[:_KEYWORDS])}")
    for index, keyword in enumerate(keywords):
        key = f"keywords[{index}]"
        if len(keyword) > _KEYWORD:
            told = f"{keyword!r} has {len(keyword)} characters, allowed are {_KEYWORD}"
            yield launch.broken(KEYWORD_LENGTH, key, told, "shorten it")
        elif not _KEYWORD_FORM.fullmatch(keyword):
            better = " ".join(re.findall(r"[A-Za-z0-9]+", keyword))
            wrong = "a hyphen" if "-" in keyword else "more than letters, digits and single blanks"
            mend = f"write {better!r}" if better else "leave it out"
            yield launch.broken(KEYWORD_FORM, key, f"{keyword!r} has {wrong}", mend)


def _check_amounts(launch: Launch) -> Iterator[Finding]:
    job = launch.job
    at_once = job.max_concurrent
    if at_once is not None and not 1 <= at_once <= _CONCURRENT:
        told = f"{at_once:,} objects at a time"
        yield launch.broken(MAX_CONCURRENT, "max-concurrent", told, f"max-concurrent: 1 to {_CONCURRENT}")
    elif at_once is not None and at_once > _CONCURRENT_QUOTA:
        told = f"{at_once:,} objects at a time are more than the usual quota of {_CONCURRENT_QUOTA:,}"
        mend = f"ask AWS Support first, or max-concurrent: {_CONCURRENT_QUOTA}"
        yield launch.broken(MAX_CONCURRENT_QUOTA, "max-concurrent", told, mend, serious=False)
    objects, percentage = job.stop_after_objects, job.stop_after_percentage
    if objects is not None and objects < 1:
        yield launch.broken(STOP_OBJECTS, "stop-after.objects", f"after {objects}", "objects: 1 or more")
    if percentage is not None and not 1 <= percentage <= 100:
        told = f"after {percentage} %"
        yield launch.broken(STOP_PERCENTAGE, "stop-after.percentage", told, "percentage: 1 to 100")
    if job.streaming and not objects is percentage is None:
        told = "the job streams, and has stopping conditions"
        mend = f"leave stop-after out, and end the job when it is enough: labeljob stop {job.name}"
        yield launch.broken(STOP_STREAMING, "stop-after", told, mend)


def _check_tags(launch: Launch) -> Iterator[Finding]:
    tags = launch.job.tags
    if len(tags) > _TAGS:
        told = f"there are {len(tags)} tags, allowed are {_TAGS}"
        yield launch.broken(TAG_COUNT, "tags", told, "leave some out")
    for key, value in tags.items():
        place = f"tags.{key}"
        if not 1 <= len(key) <= _TAG_KEY or not _is_tag(key) or key.lower().startswith("aws:"):
            told = f"{key!r} cannot be a tag's key"
            yield launch.broken(
                TAG_KEY, place, told, f"call it otherwise: 1 to {_TAG_KEY} characters, no aws:"
            )
        elif len(value) > _TAG_VALUE or not _is_tag(value):
            told = f"the value of {key!r} is too long, or has characters that tags have not"
            yield launch.broken(
                TAG_VALUE, place, told, f"at most {_TAG_VALUE} letters, digits, blanks and _.:/=+-@"
            )


def _is_tag(text: str) -> bool:
    return all(letter in "_.:/=+-@" or unicodedata.category(letter)[0] in "LZN" for letter in text)
