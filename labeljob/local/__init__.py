"""An AWS for labeling jobs on this machine: real protocol, real handlers, recorded answers in place of workers."""

from labeljob.local.crowd import Crowd
from labeljob.local.process import LocalAws

__all__ = ["Crowd", "LocalAws"]
