"""The dashboard: pages for the compliance lead, forms that act, and what stands around them."""

from __future__ import annotations
