"""What the laws need to know of the kind `lines`."""

from tests.laws.kinds.polylines import law

LAW = law("lines", 2)
