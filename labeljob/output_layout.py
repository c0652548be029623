"""Where things lie beneath `<S3OutputPath>/<job>/`."""

OUTPUT_MANIFEST = "manifests/output/output.manifest"
"""The final or running output manifest, JSON Lines."""
RECORD = "simulation.json"
"""What a simulated job was and what came of it; a real job has none."""
