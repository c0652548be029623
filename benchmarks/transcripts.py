"""Word error rate of the label of several noisy transcripts, beside a vote on whole texts, the medoid and one worker.

Run as `python -m benchmarks.transcripts`; the figures are in `docs/decisions/0009-texts-are-aligned.md`.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from consolidation.estimation.alignment import align
from consolidation.kinds.base import Answer, Task, merge_alone
from consolidation.kinds.text import TextKind
from shared.settings import Settings

_VOCABULARY = 3_000
_SEED = 9
_TEXTS = 300
_KIND = TextKind()


@dataclass(frozen=True)
class Scene:
    """How transcripts come about.

    Attributes:
        name: for the table.
        words: of a text.
        errors: chance of each worker to spoil a word: half of the time by another word, else by none or by one more.
        junk: workers who paste words of their own.
        confusable: chance that a wrong word is the one that everybody takes it for.
    """

    name: str
    words: int
    errors: tuple[float, ...]
    junk: int = 0
    confusable: float = 0.0


SCENES = (
    Scene("5 workers, one bad", 20, (0.05, 0.05, 0.1, 0.1, 0.5)),
    Scene("5 workers, one bad, 100 words", 100, (0.05, 0.05, 0.1, 0.1, 0.5)),
    Scene("4 workers and junk", 20, (0.05, 0.05, 0.1, 0.1), junk=1),
    Scene("3 workers", 20, (0.1, 0.1, 0.1)),
    Scene("2 workers and junk", 20, (0.1, 0.1), junk=1),
    Scene("5 workers, errors in common", 20, (0.1,) * 5, confusable=0.5),
    Scene("5 careful workers", 20, (0.02,) * 5),
)


def transcripts(scene: Scene, rng: random.Random) -> tuple[list[str], list[list[str]]]:
    """What was said, and what each worker typed. Words are drawn by Zipf's law."""
    ranks = range(1, _VOCABULARY + 1)

    def some(count: int) -> list[str]:
        return [f"w{rank}" for rank in rng.choices(ranks, [1 / rank for rank in ranks], k=count)]

    said, others, more = some(scene.words), some(scene.words), iter(some(scene.words * len(scene.errors)))
    typed = []
    for chance in scene.errors:
        words = []
        for place, word in enumerate(said):
            if rng.random() >= chance:
                words.append(word)
                continue
            wrong = others[place] if rng.random() < scene.confusable else next(more)
            words += rng.choice([[wrong], [wrong], [], [word, wrong]])
        typed.append(words)
    junk = [some(scene.words) for _ in range(scene.junk)]
    return said, [*typed, *junk]


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Edit distance in words."""
    steps = align(tuple(one), tuple(other))
    return sum(a is None or b is None or one[a] != other[b] for a, b in steps)


def ours(typed: Sequence[Sequence[str]]) -> tuple[list[str], float]:
    """Words and confidence of the label."""
    answers = [Answer(f"w{place}", " ".join(words)) for place, words in enumerate(typed)]
    consensus = merge_alone(_KIND, answers, Task(Settings()))
    return consensus.merged.value.split(), consensus.confidence or 0.0


def vote(typed: Sequence[Sequence[str]]) -> list[str]:
    """The most frequent text; of equals the first."""
    return list(Counter(map(tuple, typed)).most_common(1)[0][0])


def medoid(typed: Sequence[Sequence[str]]) -> list[str]:
    """The text nearest to all."""

    def cost(one: Iterable[str]) -> int:
        return sum(distance(list(one), other) for other in typed)

    return list(min(typed, key=cost))


def run() -> None:
    """Print the table."""
    print("| transcripts | ours | vote | medoid | one worker | words right, as the confidence says | ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for scene in SCENES:
        rng = random.Random(f"{_SEED} {scene.name}")
        made = [transcripts(scene, rng) for _ in range(_TEXTS)]
        start = time.perf_counter()
        labels = [ours(typed) for _, typed in made]
        taken = (time.perf_counter() - start) / _TEXTS * 1000
        rules: list[Callable[[Sequence[Sequence[str]]], list[str]]] = [
            vote,
            medoid,
            lambda typed: list(typed[0]),
        ]
        rates = [_rate(said, words) for (said, _), (words, _) in zip(made, labels, strict=True)]
        others = [np.mean([_rate(said, rule(typed)) for said, typed in made]) for rule in rules]
        figures = " | ".join(f"{rate:.1%}" for rate in (np.mean(rates), *others))
        sure = np.mean([confidence for _, confidence in labels])
        print(f"| {scene.name} | {figures} | {1 - np.mean(rates):.1%}, {sure:.1%} | {taken:.1f} |")


def _rate(said: Sequence[str], words: Sequence[str]) -> float:
    return distance(said, words) / len(said)


if __name__ == "__main__":
    run()
