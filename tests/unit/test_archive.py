"""A pack as one archive: the same bytes each time, and nothing read from it that does not belong there."""

from __future__ import annotations

import io
import stat
import zipfile

import pytest

from policies.archive import archive_bytes, read_archive, read_contents, with_manifest
from policies.vocabulary import PackError

PACK = """\
pack: small
version: 1.2.0
title: Small
effective: {from: 2026-01-01}
vocabulary: {owner: {type: person, label: Owner}}
rules:
  - {id: a.owned, title: Owned, severity: minor, guard: {entering: closed, must: {present: owner}}}
"""


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "small"
    (root / "tests").mkdir(parents=True)
    (root / "pack.yaml").write_text(PACK)
    (root / "tests" / "all.yaml").write_text("examples: []\n")
    return root


@pytest.fixture
def crafted(tmp_path):
    """Make an archive of the entries given: a name or a ZipInfo, and content."""

    def make(*entries, compression=zipfile.ZIP_STORED):
        path = tmp_path / "crafted.ombudpack"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in (("pack.yaml", PACK), *entries):
                archive.writestr(name, content)
        return path

    return make


def refused(path) -> str:
    with pytest.raises(PackError) as caught:
        read_archive(path)
    (problem,) = caught.value.problems
    assert problem.file == str(path)
    assert problem.remedy
    return f"{problem.where}: {problem.what}"


def test_an_archive_gives_back_what_went_in(folder, tmp_path) -> None:
    contents = with_manifest(read_contents(folder), "small", "1.2.0", 3)
    path = tmp_path / "x.ombudpack"
    path.write_bytes(archive_bytes(contents))
    read = read_contents(path)
    assert read.files == contents.files == {
        "pack.yaml": PACK.encode(), "tests/all.yaml": b"examples: []\n"
    }  # fmt: skip
    told = read.told()
    assert told is not None
    assert (told.pack, told.version, told.revision) == ("small", "1.2.0", 3)


def test_the_same_pack_gives_the_same_bytes(folder, tmp_path) -> None:
    other = tmp_path / "copy"
    (other / "tests").mkdir(parents=True)
    (other / "tests" / "all.yaml").write_text("examples: []\n")
    (other / "pack.yaml").write_text(PACK)
    (other / ".hidden").write_text("not of the pack")
    one, two = (
        archive_bytes(with_manifest(read_contents(each), "small", "1.2.0", 0))
        for each in (folder, other)
    )
    assert one == two


@pytest.mark.parametrize(
    "name, what",
    [
        ("../out.yaml", "climbs out"),
        ("tests/../../out.yaml", "climbs out"),
        ("tests\\..\\out.yaml", "climbs out"),
        ("/etc/out.yaml", "absolute"),
        ("C:out.yaml", "absolute"),
        ("\\out.yaml", "absolute"),
        ("tests//out.yaml", "is no name"),
        ("tests/./out.yaml", "is no name"),
        ("tests/a b.yaml", "is no name"),
        ("tests/\u202egnp.yaml", "is no name"),
        ("a/b/c/d/e/f.yaml", "is no name"),
        ("nul.yaml", "device"),
        ("run.py", "no kind of file"),
        ("PACK.YAML", "by case alone"),
        ("pack.yaml/x.yaml", "both a file and a folder"),
    ],
)
def test_a_name_that_means_harm_is_refused(crafted, name, what) -> None:
    assert what in refused(crafted((name, "x")))


def test_a_name_with_a_nul_in_it_is_not_cut_short(tmp_path, crafted) -> None:
    path = crafted(("tests/a.yamlX.exe", "x"))
    path.write_bytes(path.read_bytes().replace(b"a.yamlX.exe", b"a.yaml\0.exe"))
    assert "is no name" in refused(path)


def test_a_name_that_stands_twice_is_refused(crafted) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        path = crafted(("pack.yaml", "other"))
    assert "stands twice" in refused(path)


@pytest.mark.parametrize(
    "kind, what",
    [(stat.S_IFLNK, "symbolic link"), (stat.S_IFCHR, "device"), (stat.S_IFIFO, "device")],
)
def test_links_and_devices_are_refused(crafted, kind, what) -> None:
    info = zipfile.ZipInfo("tests/link.yaml")
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    assert what in refused(crafted((info, "/etc/passwd")))


def test_what_bursts_is_refused_by_what_it_declares(crafted) -> None:
    bomb = ("tests/a.yaml", b"0" * 1_900_000)
    assert "times its size" in refused(crafted(bomb, compression=zipfile.ZIP_DEFLATED))
    assert "would take" in refused(crafted(("tests/a.yaml", b"0" * 2_000_001)))
    many = [(f"tests/{i}.yaml", b"") for i in range(500)]
    assert "holds 501 files" in refused(crafted(*many))
    large = [(f"tests/{i}.yaml", b"0" * 1_999_999) for i in range(11)]
    assert "would grow" in refused(crafted(*large, compression=zipfile.ZIP_DEFLATED))


def test_what_is_larger_than_it_declares_is_refused(tmp_path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pack.yaml", "0123456789" * 5)
    # Fifty bytes are said to be five, in both places that say so.
    path = tmp_path / "lying.ombudpack"
    path.write_bytes(out.getvalue().replace(b"\x32\0\0\0", b"\x05\0\0\0"))
    assert "is larger than it says" in refused(path) or "is broken" in refused(path)


@pytest.mark.parametrize("data", [b"", b"pack: small\n", b"PK\x03\x04", b"PK\x03\x04" + b"\0" * 99])
def test_what_is_no_archive_is_refused(tmp_path, data) -> None:
    path = tmp_path / "x.ombudpack"
    path.write_bytes(data)
    assert "is no archive" in refused(path) or "is broken" in refused(path)


def test_an_encrypted_entry_is_refused(crafted) -> None:
    path = crafted()
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 8
    data[at] |= 1
    path.write_bytes(bytes(data))
    assert "is encrypted" in refused(path)


def test_an_archive_without_a_pack_is_refused(tmp_path) -> None:
    path = tmp_path / "x.ombudpack"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README.md", "# none")
    assert "pack.yaml: is missing" in refused(path)


def test_a_link_in_a_folder_is_refused(folder, tmp_path) -> None:
    (tmp_path / "secret.yaml").write_text("x")
    (folder / "tests" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    with pytest.raises(PackError, match="symbolic link"):
        read_contents(folder)


@pytest.mark.parametrize(
    "change, what",
    [
        (lambda root: (root / "pack.yaml").write_text(PACK + "#"), "pack.yaml: was changed"),
        (lambda root: (root / "tests" / "all.yaml").unlink(), "tests/all.yaml: is missing"),
        (lambda root: (root / "new.yaml").write_text("x"), "new.yaml: is not in the manifest"),
    ],
)
def test_a_folder_is_held_against_its_manifest(folder, change, what) -> None:
    contents = with_manifest(read_contents(folder), "small", "1.2.0", 0)
    (folder / "MANIFEST.json").write_bytes(contents.manifest or b"")
    assert read_contents(folder).told() is not None
    change(folder)
    with pytest.raises(PackError, match=what):
        read_contents(folder).told()


@pytest.mark.parametrize(
    "manifest",
    [b"", b"[]", b"{}", b'{"format": 2}', b"[" * 100_000],
)
def test_a_manifest_that_is_none_is_refused(folder, manifest) -> None:
    (folder / "MANIFEST.json").write_bytes(manifest)
    with pytest.raises(PackError, match="is no manifest"):
        read_contents(folder).told()
