"""Helpdesks: one package per vendor, each a translation of its history and its writes."""
