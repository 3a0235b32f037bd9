"""`ombud packs keygen`, `sign`, `verify` and `install`: packs that travel, and whose word counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal
from ombud.commands import err, out

if TYPE_CHECKING:
    from policies.signature import Trust

Source = Annotated[Path, typer.Argument(help="A pack's folder, or its archive.", metavar="PACK")]


def add_signed(packs: typer.Typer) -> None:
    """Add the commands to the group."""
    packs.command("keygen")(keygen)
    packs.command("sign")(sign)
    packs.command("verify")(verify)
    packs.command("install")(install)


def keygen(
    name: Annotated[Path, typer.Argument(help="Where to write: NAME.key and NAME.pub.")],
) -> None:
    """Make a key pair to sign packs with: NAME.key is secret, NAME.pub is named in ombud.toml as trusted."""
    from policies.signature import generate

    made = generate(name)
    out.print(f"Wrote {name}.key, which is secret, and {name}.pub. The key's id is {made}.")
    out.print(f'Next: add to ombud.toml: [trust] keys = ["{name}.pub"]', style="dim", markup=False)


def sign(
    pack: Annotated[Path, typer.Argument(help="The pack's folder.", metavar="PACK")],
    key: Annotated[Path, typer.Option(help="The secret key: the .key file of packs keygen.")],
    output: Annotated[
        Path | None, typer.Option("--out", help="The archive; PACK-VERSION.ombudpack without.")
    ] = None,
    revision: Annotated[
        int, typer.Option(help="Counts the archives of one version; a higher one is newer.", min=0)
    ] = 0,
    *,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Write manifest and signature into the folder, too.")
    ] = False,
) -> None:
    """Put a pack into one archive and sign it: Ed25519 over the digest of every file."""
    from policies import archive, signature
    from policies.install import write
    from policies.load import load_pack

    loaded = load_pack(pack)
    contents = archive.with_manifest(
        archive.read_contents(pack), loaded.id, loaded.version, revision
    )
    signed = replace(contents, signature=signature.sign(contents.manifest or b"", key))
    if in_place:
        write(signed, pack)
    target = output or Path(f"{loaded.id}-{loaded.version}{archive.SUFFIX}")
    target.write_bytes(archive.archive_bytes(signed))
    by = signed.signature.key if signed.signature is not None else ""
    out.print(
        f"Wrote {target}: {loaded.id} {loaded.version} revision {revision}, "
        f"{len(signed.files)} files, signed by key {by}.",
        soft_wrap=True,
    )
    out.print(f"Next: ombud packs install {target}", style="dim")


def verify(
    context: typer.Context,
    pack: Source,
    trust: Annotated[
        list[Path] | None,
        typer.Option(help="A public key that counts; without, those of ombud.toml."),
    ] = None,
) -> None:
    """Hold a pack against its manifest and its signature.

    Ends with 2 where a file is missing, changed or not listed, or where a key is trusted and no such
    signature is there.
    """
    from policies.install import verify as verified

    trusted = _trusted(context.obj, trust)
    contents = verified(pack, trusted)
    told = contents.told()
    if told is None:
        out.print(f"{pack}: not signed, {len(contents.files)} files, nothing to hold them against.")
        return
    by = f"signed by key {contents.signature.key}" if contents.signature else "not signed"
    checked = ", which is trusted" if trusted else "; no key is trusted, so nobody vouches for it"
    out.print(
        f"{pack}: {told.pack} {told.version} revision {told.revision}, {len(told.files)} files as "
        f"listed, {by}{checked}.",
        soft_wrap=True,
    )


def install(context: typer.Context, pack: Source) -> None:
    """Install a pack into the folder packs/ beside ombud.toml, at once or not at all.

    Where ombud.toml names trusted keys, a missing, stripped or unknown signature is refused, and an older
    version always; the pack that is there stays in force.
    """
    from policies.install import FOLDER
    from policies.install import install as installed

    config: Path = context.obj
    done = installed(pack, config.parent / FOLDER, _trusted(config, None))
    name = f"{done.pack.id} {done.pack.version}"
    if done.same:
        out.print(f"{name} is installed already.")
        return
    instead = f" in place of {done.replaced}" if done.replaced else ""
    by = f", signed by key {done.signature.key}" if done.signature else ", not signed"
    out.print(f"Installed {name} in {done.folder}{instead}{by}.", soft_wrap=True)
    if done.signature is None:
        err.print(terminal.plain("No key is trusted in ombud.toml: anybody could have written it."))
    out.print(f'Next: name it in a binding: pack = "{done.pack.id}"', style="dim")


def _trusted(config: Path, files: list[Path] | None) -> Trust:
    from policies.signature import Trust, trust

    if files:
        return trust([str(each) for each in files], Path())
    if not config.exists():
        return Trust()
    from ombud.settings import load_settings

    settings = load_settings(config)
    return trust(settings.trust.keys, settings.folder)
