"""Chaos: the same day of agents is played on two worlds, one of them disturbed, and both have to end alike."""
