"""Atlassian's document format: text into it, text out of it."""

from __future__ import annotations

import re
from typing import Any

_BLOCKS = frozenset(
    {"paragraph", "heading", "listItem", "blockquote", "codeBlock", "tableRow", "panel"}
)
_LINK = re.compile(r"https?://\S+")


def document(text: str) -> dict[str, Any]:
    """Write plain text as a document, a paragraph a line; addresses become links, nothing else is markup."""
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": _inline(line)} for line in text.split("\n")],
    }


def _inline(line: str) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    at = 0
    for found in _LINK.finditer(line):
        if found.start() > at:
            parts.append({"type": "text", "text": line[at : found.start()]})
        link = {"type": "link", "attrs": {"href": found.group()}}
        parts.append({"type": "text", "text": found.group(), "marks": [link]})
        at = found.end()
    if at < len(line):
        parts.append({"type": "text", "text": line[at:]})
    return parts


def flatten(body: object) -> str:
    """Read a document, or a plain text, as text."""
    if isinstance(body, str):
        return body
    parts: list[str] = []
    todo: list[object] = [body]
    while todo:
        node = todo.pop()
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(node, dict):
            if node.get("type") in _BLOCKS:
                todo.append("\n")
            if isinstance(node.get("text"), str):
                parts.append(node["text"])
            elif node.get("type") == "hardBreak":
                parts.append("\n")
            content = node.get("content")
            if isinstance(content, list):
                todo.extend(reversed(content))
    return "".join(parts).strip("\n")


def begins(body: object) -> str:
    """Give a text's first line as its author wrote it; "" where it begins with a quotation, code or a picture."""
    if isinstance(body, str):
        return body.split("\n", 1)[0]
    content = body.get("content") if isinstance(body, dict) else None
    first = content[0] if isinstance(content, list) and content else None
    if not isinstance(first, dict) or first.get("type") != "paragraph":
        return ""
    return flatten(first).split("\n", 1)[0]
