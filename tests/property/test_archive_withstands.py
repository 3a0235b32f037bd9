"""Whatever is done to the bytes of an archive, it is refused or gives the very same pack; nothing else happens."""

from __future__ import annotations

import io
import warnings
import zipfile

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from policies.archive import Contents, archive_bytes, read_archive, with_manifest
from policies.install import install
from policies.vocabulary import PackError

PACK = b"""\
pack: small
version: 1.0.0
title: Small
effective: {from: 2026-01-01}
vocabulary: {owner: {type: person, label: Owner}}
rules:
  - {id: a.owned, title: Owned, severity: minor, guard: {entering: closed, must: {present: owner}}}
"""
FILES = {"README.md": b"# Small\n", "pack.yaml": PACK, "tests/all.yaml": b"examples: []\n"}
GOOD = archive_bytes(with_manifest(Contents("x", FILES), "small", "1.0.0", 0))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("archive") / "x.ombudpack"


def files_of(path) -> dict[str, bytes] | None:
    try:
        contents = read_archive(path)
        contents.told()
    except PackError:
        return None
    return dict(contents.files)


@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4)
)
def test_changed_bytes_are_refused_or_make_no_difference(path, changes) -> None:
    data = bytearray(GOOD)
    for at, byte in changes:
        data[at] = byte
    path.write_bytes(bytes(data))
    assert files_of(path) in (None, FILES)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(GOOD)), st.binary(max_size=200))
def test_a_cut_or_lengthened_archive_is_refused_or_makes_no_difference(path, at, tail) -> None:
    path.write_bytes(GOOD[:at] + tail)
    assert files_of(path) in (None, FILES)


NAMES = st.one_of(
    st.sampled_from(["..", ".", "", "/", "\\", "C:", "pack.yaml", "tests", "con.yaml", "a\0.yaml", ".."]),
    st.text(max_size=12),
)  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NAMES, min_size=1, max_size=5).map("/".join), st.integers(0, 0xFFFFFFFF))
@example("../../x.yaml", 0)
@example("x.yaml", 0o120777 << 16)
def test_no_name_and_no_mode_leads_out_of_the_folder(tmp_path_factory, name, mode) -> None:
    root = tmp_path_factory.mktemp("desk")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("pack.yaml", PACK)
        info = zipfile.ZipInfo("x")
        info.filename, info.external_attr = name, mode
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                archive.writestr(info, b"out")
        except (ValueError, UnicodeError, OSError):
            return
    source = root / "x.ombudpack"
    source.write_bytes(out.getvalue())
    try:
        install(source, root / "desk" / "packs")
    except PackError:
        left = {each.name for each in (root / "desk" / "packs").glob("*")} if (root / "desk").exists() else set()  # fmt: skip
        assert left == set()
    inside = root / "desk" / "packs" / "small"
    for each in root.rglob("*"):
        assert not each.is_symlink()
        if each.is_file() and each != source:
            assert each.is_relative_to(inside)
