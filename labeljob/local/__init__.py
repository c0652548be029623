"""An AWS for labeling jobs on this machine: the calls that labeljob makes, answered by moto and by a Ground Truth of our own."""
