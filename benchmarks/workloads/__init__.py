"""Seeded synthetic work with a known truth: the same arrays for every system that is measured.

The noise is a model of our own, not of any crowd: figures made with it rank methods on this noise. There are five kinds of honest workers,
who differ in how exact, how complete and how biased they are, and spammers, who answer without looking. Categories are confused in pairs
(0 with 1, 2 with 3, ...), in both directions, so that a rule which breaks ties to the lower or the higher number gains nothing.
"""
