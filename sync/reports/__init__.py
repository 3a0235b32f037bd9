"""What is reported to management: the review, the frozen figures of a month, what surveys say, and when it is sent."""

from __future__ import annotations
