"""How far a rule goes: the lowest of what pack and ombud.toml allow; one that ships off is switched on by name."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sync.binding import configured_mode


@pytest.mark.parametrize(
    "binding, own, asked, mode",
    [
        ("block", "flag", None, "flag"),
        ("observe", "block", None, "observe"),
        ("block", "block", "observe", "observe"),
        ("block", "flag", "block", "flag"),  # never beyond the pack
        ("block", "off", None, "off"),
        ("block", "off", "flag", "flag"),  # ships off, switched on by name
        ("observe", "off", "flag", "observe"),
        ("off", "flag", "flag", "off"),
    ],
)
def test_mode(binding, own, asked, mode):
    settings = SimpleNamespace(mode=binding, modes={} if asked is None else {"a.b": asked})
    assert configured_mode(settings, SimpleNamespace(id="a.b", mode=own)) == mode
