"""Installing a pack: at once or not at all; where a trust root is set, only what a trusted key has signed."""

from __future__ import annotations

import base64
import shutil

import pytest

from policies.archive import archive_bytes, read_contents, with_manifest
from policies.install import install, source_of, verify, write
from policies.load import load_pack
from policies.signature import Signature, Trust, generate, sign, trust
from policies.vocabulary import PackError

PACK = """\
pack: small
version: {version}
title: Small
effective: {{from: 2026-01-01}}
vocabulary: {{owner: {{type: person, label: Owner}}}}
rules:
  - {{id: a.owned, title: Owned, severity: minor, guard: {{entering: closed, must: {{present: owner}}}}}}
"""


class Desk:
    """A folder with keys, packs to install, and the folder of packs that they go to."""

    def __init__(self, root) -> None:
        self.root = root
        self.packs = root / "packs"
        generate(root / "ours")
        generate(root / "theirs")
        self.ours = trust(["ours.pub"], root)

    def archive(self, version="1.0.0", *, key="ours", revision=0, more="", name="x"):
        folder = self.root / "src"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "tests").mkdir(parents=True)
        (folder / "pack.yaml").write_text(PACK.format(version=version) + more)
        (folder / "tests" / "all.yaml").write_text("examples: []\n")
        contents = with_manifest(read_contents(folder), "small", version, revision)
        if key is not None:
            signed = sign(contents.manifest, self.root / f"{key}.key")
            contents = type(contents)(contents.file, contents.files, contents.manifest, signed)
        path = self.root / f"{name}.ombudpack"
        path.write_bytes(archive_bytes(contents))
        return path

    def state(self):
        return {
            str(each.relative_to(self.packs)): each.read_bytes()
            for each in self.packs.rglob("*")
            if each.is_file()
        }


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_a_signed_archive_is_installed_and_is_source_of(desk) -> None:
    done = install(desk.archive(), desk.packs, desk.ours)
    assert (done.pack.id, done.replaced, done.same) == ("small", None, False)
    found = source_of("small", desk.root, desk.ours)
    assert load_pack(found.source).version == "1.0.0"
    assert found.refused is None


def test_without_a_trust_root_an_unsigned_folder_will_do(desk) -> None:
    desk.archive(key=None)
    assert install(desk.root / "src", desk.packs).signature is None
    assert load_pack(source_of("small", desk.root).source).version == "1.0.0"


def unsigned(desk):
    return desk.archive("1.1.0", key=None)


def foreign(desk):
    return desk.archive("1.1.0", key="theirs")


def altered(desk):
    path = desk.archive("1.1.0")
    path.write_bytes(path.read_bytes().replace(b"title: Small", b"title: Smaal"))
    return path


def stripped(desk):
    """A manifest made anew for changed files, and no signature."""
    path = desk.archive("1.1.0", more="# softened\n", key=None)
    contents = read_contents(path)
    assert contents.signature is None
    return path


def resigned(desk):
    """The signature of another manifest."""
    good = read_contents(desk.archive("1.1.0"))
    other = read_contents(desk.archive("1.1.0", more="# softened\n", key=None))
    path = desk.root / "x.ombudpack"
    path.write_bytes(
        archive_bytes(type(other)(other.file, other.files, other.manifest, good.signature))
    )
    return path


def renamed(desk):
    """A foreign signature under the id of a key that is trusted."""
    contents = read_contents(desk.archive("1.1.0", key="theirs"))
    forged = Signature(desk.ours.ids[0], contents.signature.value)
    path = desk.root / "x.ombudpack"
    path.write_bytes(
        archive_bytes(type(contents)(contents.file, contents.files, contents.manifest, forged))
    )
    return path


def older(desk):
    return desk.archive("0.9.9")


def replaced(desk):
    return desk.archive("1.0.0", more="# other\n")


def broken(desk):
    return desk.archive("1.1.0", more="rules: []\n")


@pytest.mark.parametrize(
    "make, what",
    [
        (unsigned, "is missing, and ombud.toml asks for one"),
        (stripped, "is missing, and ombud.toml asks for one"),
        (foreign, "which is not trusted"),
        (resigned, "does not belong to this manifest"),
        (renamed, "does not belong to this manifest"),
        (altered, "was changed after the manifest was written|is broken"),
        (older, "is older: version 0.9.9 revision 0, and 1.0.0 revision 0 is there"),
        (replaced, "holds other files under the same version"),
        (broken, '"rules" stands twice'),
    ],
)
def test_what_may_not_be_trusted_is_refused_and_the_last_good_one_stays(desk, make, what) -> None:
    install(desk.archive(), desk.packs, desk.ours)
    before = desk.state()
    with pytest.raises(PackError, match=what) as caught:
        install(make(desk), desk.packs, desk.ours)
    assert all(problem.remedy for problem in caught.value.problems)
    assert desk.state() == before
    assert load_pack(source_of("small", desk.root, desk.ours).source).version == "1.0.0"


def test_a_newer_version_and_a_higher_revision_replace(desk) -> None:
    install(desk.archive(), desk.packs, desk.ours)
    assert (
        install(desk.archive(revision=1, more="# mended\n"), desk.packs, desk.ours).replaced
        == "1.0.0 revision 0"
    )
    assert install(desk.archive("1.10.0"), desk.packs, desk.ours).replaced == "1.0.0 revision 1"
    with pytest.raises(PackError, match="is older"):
        install(desk.archive("1.9.0"), desk.packs, desk.ours)


def test_the_same_archive_again_changes_nothing(desk) -> None:
    install(desk.archive(), desk.packs, desk.ours)
    before = desk.state()
    assert install(desk.archive(), desk.packs, desk.ours).same
    assert desk.state() == before


def test_an_installed_pack_that_was_touched_gives_way_to_the_last_good_one(desk) -> None:
    install(desk.archive("1.0.0"), desk.packs, desk.ours)
    install(desk.archive("1.1.0"), desk.packs, desk.ours)
    path = desk.packs / "small" / "pack.yaml"
    path.write_text(path.read_text() + "# softened\n")
    found = source_of("small", desk.root, desk.ours)
    assert load_pack(found.source).version == "1.0.0"
    assert "pack.yaml: was changed" in str(found.refused)
    # Installed again, it is whole again; what was touched is not kept as good.
    assert not install(desk.archive("1.1.0"), desk.packs, desk.ours).same
    found = source_of("small", desk.root, desk.ours)
    assert (load_pack(found.source).version, found.refused) == ("1.1.0", None)


def test_a_crash_between_the_two_renames_leaves_the_last_one_source_of(desk) -> None:
    install(desk.archive("1.0.0"), desk.packs, desk.ours)
    (desk.packs / ".last").mkdir()
    (desk.packs / "small").rename(desk.packs / ".last" / "small")
    assert load_pack(source_of("small", desk.root, desk.ours).source).version == "1.0.0"


def test_where_nothing_good_is_left_it_is_refused_and_not_read(desk) -> None:
    install(desk.archive(), desk.packs, desk.ours)
    (desk.packs / "small" / "SIGNATURE").unlink()
    with pytest.raises(PackError, match="is missing"):
        source_of("small", desk.root, desk.ours)


def test_a_file_beside_ombud_toml_needs_a_signature_too(desk) -> None:
    (desk.root / "ours.yaml").write_text(PACK.format(version="1.0.0"))
    assert source_of("ours.yaml", desk.root).source == desk.root / "ours.yaml"
    with pytest.raises(PackError, match="is not signed"):
        source_of("ours.yaml", desk.root, desk.ours)


def test_what_no_signature_covers_is_not_read_along(desk) -> None:
    (desk.root / "below.yaml").write_text(PACK.format(version="1.0.0"))
    folder = desk.root / "src"
    folder.mkdir()
    (folder / "pack.yaml").write_text(
        "pack: over\nversion: 1.0.0\ntitle: Over\neffective: {from: 2026-01-01}\nbase: ../below.yaml\n"
    )
    contents = with_manifest(read_contents(folder), "over", "1.0.0", 0)
    signed = sign(contents.manifest, desk.root / "ours.key")
    write(type(contents)(contents.file, contents.files, contents.manifest, signed), folder)
    with pytest.raises(PackError, match="no signature covers it"):
        verify(folder, desk.ours)


def test_no_older_pack_hides_one_that_comes_with_ombud(desk) -> None:
    folder = desk.root / "src"
    folder.mkdir()
    (folder / "pack.yaml").write_text(
        PACK.format(version="0.0.1").replace("pack: small", "pack: iso10002")
    )
    with pytest.raises(PackError, match="is older"):
        install(folder, desk.packs)


def test_built_in_packs_are_found_by_name(desk) -> None:
    assert source_of("iso10002", desk.root, desk.ours).source == "iso10002"


@pytest.mark.parametrize(
    "text, what",
    [
        ("nowhere.pub", "cannot be read"),
        ("ours.key", "is no public key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "is no public key"),
    ],
)
def test_a_trust_root_that_is_none_is_refused(desk, text, what) -> None:
    with pytest.raises(PackError, match=what):
        trust([text], desk.root)


def test_a_key_is_trusted_by_file_text_or_bytes(desk) -> None:
    text = (desk.root / "ours.pub").read_text()
    der = base64.b64decode("".join(text.splitlines()[1:-1]))
    raw = base64.b64encode(der[-32:]).decode()
    assert trust([text], desk.root).ids == trust([raw], desk.root).ids == desk.ours.ids
    assert not Trust()


def test_a_private_key_is_for_its_owner_alone(desk) -> None:
    assert (desk.root / "ours.key").stat().st_mode & 0o077 == 0
    with pytest.raises(PackError, match="is there already"):
        generate(desk.root / "ours")
    with pytest.raises(PackError, match="is no private key"):
        sign(b"x", desk.root / "ours.pub")
