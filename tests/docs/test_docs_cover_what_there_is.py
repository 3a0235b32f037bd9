"""Every command, setting, capability and permission has its place in the docs, and links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

import cli  # noqa: TID251 (the commands are read from the door itself)
from connectors import load_manifest, vendors
from ombud.mapping_file import LogSettings
from ombud.model.connector import Capability
from ombud.settings import Account, Binding, CalendarSettings, Settings
from policies.load import load_pack

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])


def commands(app=cli.app, before="ombud"):
    for command in app.registered_commands:
        name = command.name or command.callback.__name__.replace("_", "-")
        yield f"{before} {name}"
    for group in app.registered_groups:
        yield from commands(group.typer_instance, f"{before} {group.name}")


def test_every_command_has_a_heading():
    assert isinstance(cli.app, typer.Typer)
    text = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    names = [name.removesuffix("-") for name in commands()]
    assert len(names) >= 18
    assert [name for name in names if f"## {name}\n" not in text] == []


def test_every_setting_has_a_row():
    text = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    names = {
        name
        for model in (Account, Binding, CalendarSettings, LogSettings)
        for name in model.model_fields
    } | {name for name in Settings.model_fields if name != "folder"}
    assert [
        name
        for name in sorted(names)
        if f"`{name}`" not in text and f"{name}." not in text and f"[{name}" not in text
    ] == []


def test_every_capability_and_permission_has_a_row():
    text = (ROOT / "docs/reference/connectors.md").read_text(encoding="utf-8")
    wanted = {each.value for each in Capability} | {
        scope
        for vendor in vendors()
        for manifest in (load_manifest(vendor),)
        for scope in (*manifest.scopes, *manifest.oauth, *manifest.hooks)
    }
    assert [name for name in sorted(wanted) if name not in text] == []


def test_every_rule_of_the_pack_has_a_heading():
    text = (ROOT / "policies/packs/iso10002/README.md").read_text(encoding="utf-8")
    headings = "\n".join(re.findall(r"^#+ .*$", text, flags=re.MULTILINE))
    assert [rule.id for rule in load_pack("iso10002").rules if rule.id not in headings] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), f"{page}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_claims_what_the_standard_does_not_give(page):
    text = page.read_text(encoding="utf-8").lower()
    assert "iso 10002 compliant" not in text
    assert "certified" not in text
