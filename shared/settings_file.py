"""The job settings of a deployment: read from S3, kept while the Lambda is warm."""

from __future__ import annotations

import time
from collections.abc import Callable

from shared.errors import SettingsError
from shared.json_node import JsonNode, parse_json
from shared.settings import Deployment, Settings
from shared.storage import AwsAccess, S3Store

KEPT_SECONDS = 60.0
"""How long a settings document is used before it is read again: a change reaches warm functions within a minute."""
_MOST_BYTES = 5_000_000

_kept: dict[str, tuple[float, JsonNode]] = {}


def load_settings(
    uri: str | None,
    labeling_job_name: str | None,
    access: AwsAccess,
    deployment: Deployment,
    clock: Callable[[], float] = time.monotonic,
) -> Settings:
    """The settings of a job.

    Args:
        uri: of the settings document, None for the defaults.
        labeling_job_name: picks the document's blocks.
        access: the document is read under the function's own role.
        deployment: names the places that may be read.
        clock: seconds, for the time a document is kept.

    Raises:
        SettingsError: the document cannot be read or is wrong: nothing is consolidated under settings that nobody meant.
    """
    if uri is None:
        return Settings()
    since, root = _kept.get(uri, (float("-inf"), None))
    if root is None or clock() - since > KEPT_SECONDS:
        store = S3Store(access.client(), deployment.allowed_locations)
        body = store.read(uri, limit=_MOST_BYTES, limit_name="SETTINGS_S3_URI")
        root = parse_json(body, error=SettingsError)
        _kept[uri] = (clock(), root)
    return Settings.parse(root, labeling_job_name)
