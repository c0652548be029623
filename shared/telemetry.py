"""Logger and metrics of both Lambdas: powertools, set up once. No answer content and no identity beyond worker ids is logged.

Tracing is Lambda's own active tracing, switched by the stack; see docs/decisions/0003.
"""

from __future__ import annotations

import logging
import os
import warnings

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "GtConsensus"

# An invocation that raises has no metrics to publish; its error is enough.
warnings.filterwarnings("ignore", message="No application metrics to publish")

# botocore tells at INFO where it found its credentials and endpoint; Lambda's log level would let that through.
logging.getLogger("botocore").setLevel(logging.WARNING)

logger = Logger()
metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or NAMESPACE)


def count(name: str, amount: int) -> None:
    """Add to a count metric; zero is emitted too, so that an alarm sees data whenever the function ran."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=amount)
