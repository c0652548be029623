"""Worker ids in labels: as they are, hashed or omitted; and the skill that goes with the real id."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from consolidation.answers import Forms
from shared.settings import Settings

_DIGITS = 16


def identify(forms: Forms, settings: Settings) -> Forms:
    """Give every form its worker's skill, and every worker the id that labels may show.

    Args:
        forms: with the ids that Ground Truth sent.
        settings: `worker_weights` holds the skills, `worker_ids` says what may be shown: `plain` ids, the first 16 hex digits of
            their SHA-256, or numbers within the data object, in the order of the real ids.
    """
    workers = sorted(
        {form.worker_id for form in forms.forms}
        | {rejection.worker_id for rejection in forms.rejected}
        | {annotation.worker_id for annotation in forms.annotations}
    )
    shown = {
        worker: _shown(worker, place, settings.worker_ids) for place, worker in enumerate(workers, start=1)
    }
    return Forms(
        tuple(
            replace(
                form,
                worker_id=shown[form.worker_id],
                skill=settings.weight_of(form.worker_id),
                person=form.worker_id,
            )
            for form in forms.forms
        ),
        tuple(replace(rejection, worker_id=shown[rejection.worker_id]) for rejection in forms.rejected),
        tuple(replace(annotation, worker_id=shown[annotation.worker_id]) for annotation in forms.annotations),
    )


def _shown(worker_id: str, place: int, policy: str) -> str:
    match policy:
        case "hashed":
            return hashlib.sha256(worker_id.encode()).hexdigest()[:_DIGITS]
        case "omitted":
            return f"worker-{place}"
        case _:
            return worker_id
