"""What both Lambdas and `labeljob` stand on: wire contract, storage, settings, errors, telemetry."""

__version__ = "0.1.0"
