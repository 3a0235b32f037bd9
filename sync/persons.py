"""Who is who: one person under several accounts, and under the name they give for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ombud.settings import Settings
    from ombud.tongue import Tongue


class Refused(Exception):
    """Say why something that a person asked for is not done, and what to do."""

    def __init__(self, sentence: str, *, kind: str = "", **told: str) -> None:
        """Keep the sentence, without a full stop, and what it is about.

        Args:
            sentence: it in English.
            kind: name of the same sentence in other languages; "" where no agent of a helpdesk is ever told it.
            told: what stands in it.

        """
        super().__init__(sentence)
        self.kind, self.told = kind, told

    def said(self, tongue: Tongue) -> str:
        """Say it in a language, else in English."""
        template = tongue.refusals.get(self.kind)
        if template is not None:
            return template.format(**self.told)
        sentence = str(self)
        return sentence if sentence.endswith("?") else f"{sentence}."


class Person(NamedTuple):
    """Name who does something.

    Attributes:
        key: keyed identifier, by which persons are compared and which the decision log holds.
        name: as they gave it for themselves, or as ombud.toml names them; `None` for an account nothing links.

    """

    key: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Persons:
    """Know the persons of one installation.

    Attributes:
        pseudonym: gives the keyed identifier of a text.
        same: keyed identifier of an account -> name of the person, by `persons` in ombud.toml.
        natives: account as ombud.toml writes it -> name of the person.
        approvers: who may approve; empty lets everybody.

    """

    pseudonym: Callable[[str], str]
    same: Mapping[str, str]
    natives: Mapping[str, str]
    approvers: Sequence[str] = ()

    @classmethod
    def of(cls, settings: Settings, pseudonym: Callable[[str], str]) -> Persons:
        """Take the persons from the configuration."""
        natives = {native: name for name, told in settings.persons.items() for native in told}
        same = {pseudonym(native.partition(":")[2]): name for native, name in natives.items()}
        return cls(pseudonym, same, natives, settings.approval.approvers)

    def named(self, told: str) -> Person:
        """Give the person who calls themselves so on the command line: by name, or by an account of theirs.

        Raises:
            Refused: it is no name.

        """
        name = self.natives.get(told.strip(), told.strip())
        if not name:
            raise Refused("A person has a name. Write it with --by")
        return Person(self._key(name), name)

    def account(self, actor: str) -> Person:
        """Give the person behind an account of a helpdesk, known by its keyed identifier."""
        name = self.same.get(actor)
        return Person(actor) if name is None else Person(self._key(name), name)

    def are_one(self, one: str, other: str) -> bool:
        """Tell whether two keyed identifiers are one person's, as far as ombud.toml knows today."""
        return self.account(one).key == self.account(other).key

    def check_approver(self, by: Person, what: str) -> None:
        """Refuse whom ombud.toml does not name as an approver, where it names any."""
        known = {name.casefold() for name in self.approvers}
        if known and (by.name or "").casefold() not in known:
            who = by.name or "an account that no person is linked to"
            raise Refused(
                f"{what} needs one of the approvers that ombud.toml names, and {who} is none. "
                f"Approvers: {', '.join(self.approvers)}",
                kind="no_approver",
                approvers=", ".join(self.approvers),
            )

    def _key(self, name: str) -> str:
        return self.pseudonym(f"person:{name.casefold()}")
