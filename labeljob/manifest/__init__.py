"""Input manifests: made from what lies in S3, and checked line by line."""
