"""The Atlassian Document Format, as far as a comment or a text field needs it."""

from __future__ import annotations

from typing import Any

_BLOCKS = {
    "paragraph",
    "heading",
    "blockquote",
    "bulletList",
    "orderedList",
    "listItem",
    "codeBlock",
    "panel",
    "rule",
    "table",
    "tableRow",
    "tableCell",
    "tableHeader",
    "mediaSingle",
    "mediaGroup",
    "expand",
    "taskList",
    "taskItem",
    "decisionList",
    "decisionItem",
}
_LEAVES = {"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status", "media", "rule"}


def document(value: str | dict[str, Any]) -> dict[str, Any]:
    """Return a document: one paragraph a line, or the document it already is."""
    if isinstance(value, dict):
        return value
    paragraphs: list[dict[str, Any]] = []
    for line in value.split("\n"):
        content = [{"type": "text", "text": line}] if line else []
        paragraphs.append({"type": "paragraph", "content": content})
    return {"type": "doc", "version": 1, "content": paragraphs}


def plain(value: str | dict[str, Any] | None) -> str:
    """Return the words of a document, one line a block."""
    if value is None:
        return ""
    if not isinstance(value, dict):
        return str(value)
    parts: list[str] = []
    _words(value, parts)
    return "".join(parts).rstrip("\n")


def valid(value: object) -> bool:
    """Tell whether a value is a document the vendor would take."""
    if not isinstance(value, dict) or value.get("type") != "doc" or value.get("version") != 1:
        return False
    content = value.get("content")
    return isinstance(content, list) and all(_node(one) for one in content)


def _node(node: object) -> bool:
    if not isinstance(node, dict):
        return False
    kind = node.get("type")
    if kind == "text":
        return isinstance(node.get("text"), str) and node["text"] != ""
    if kind not in _BLOCKS and kind not in _LEAVES:
        return False
    content = node.get("content", [])
    return isinstance(content, list) and all(_node(one) for one in content)


def _words(node: dict[str, Any], parts: list[str]) -> None:
    kind = node.get("type")
    if kind == "text":
        parts.append(str(node.get("text", "")))
    elif kind == "hardBreak":
        parts.append("\n")
    elif kind in ("mention", "emoji"):
        parts.append(str(node.get("attrs", {}).get("text", "")))
    for child in node.get("content", ()):
        _words(child, parts)
    if kind in ("paragraph", "heading", "codeBlock"):
        parts.append("\n")
