"""The manifest and the data that its first lines name."""

from __future__ import annotations

CHECKS = ()
