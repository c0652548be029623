"""What would make a labeling job fail late, looked for before it is created."""

from labeljob.doctor.examination import CHECKS, RULES, Examination, examine

__all__ = ["CHECKS", "RULES", "Examination", "examine"]
