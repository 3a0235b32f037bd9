"""Helpdesks to try against: a world with state and a steppable clock, spoken to over a vendor's wire format."""
