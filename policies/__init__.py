"""Policies as data: packs, their rules, and the readings of a rule as a closure, as SQL and as a sentence."""
