"""Write the scrip by which Request Tracker tells what changes; an administrator installs it, for RT lets nobody do so from outside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from connectors.errors import ConfigurationError
from connectors.hooks import PREFIX
from connectors.rt.ear import RtEar
from ombud.model.connector import Check
from ombud.model.hook import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.connector import Interest
    from ombud.model.facts import Instant
    from ombud.model.hook import Kept
    from ombud.settings import Account

SCRIP: Final = "scrip"
#: Seconds that an agent's request may be held up where we do not answer: for a connection, and in all.
_TIMEOUT: Final = 2
_ALARM: Final = 4
_RUN: Final = "rt-setup-database-5 --action insert --skip-create --datafile {file}"
#: Takes away what an earlier file installed; inserting twice must not tell twice.
_FORGET: Final = """\
@Initial = ( sub {
    my $scrips = RT::Scrips->new( RT->SystemUser );
    $scrips->FindAllRows;
    $scrips->Limit( FIELD => 'Description', VALUE => %(name)s );
    $_->Delete for @{ $scrips->ItemsArrayRef };
} );
"""
#: Runs once for each request that changed a ticket, after it was stored: whoever looks at once sees the change.
_TELL: Final = """\
@Scrips = ( {
    Description    => %(name)s,
    Queue          => 0,
    Stage          => 'TransactionBatch',
    ScripCondition => 'User Defined',
    ScripAction    => 'User Defined',
    Template       => 'Blank',
    CustomIsApplicableCode => <<'APPLICABLE',
my %%queues = map { lc($_) => 1 } ( %(queues)s );
return 1 unless %%queues;
return 1 if $queues{ lc( $self->TicketObj->QueueObj->Name ) };
for my $change ( @{ $self->TicketObj->TransactionBatch } ) {
    next unless $change->Type eq 'Set' && ( $change->Field || '' ) eq 'Queue';
    my $former = RT::Queue->new( RT->SystemUser );
    $former->Load( $change->OldValue );
    return 1 if $queues{ lc( $former->Name || '' ) };
}
return 0;
APPLICABLE
    CustomPrepareCode => 'return 1;',
    CustomCommitCode  => <<'COMMIT',
my ( $address, $secret ) = ( %(url)s, %(secret)s );
my $body = sprintf '{"ticket":%%d,"transaction":%%d}', $self->TicketObj->id, $self->TransactionObj->id;
my $time = time;
my $told = eval {
    local $SIG{ALRM} = sub { die "no answer\\n" };
    alarm %(alarm)d;
    require Digest::SHA;
    require HTTP::Request;
    require LWP::UserAgent;
    my $agent = LWP::UserAgent->new( timeout => %(timeout)d, max_redirect => 0, agent => 'Ombud scrip' );
    my $request = HTTP::Request->new( POST => $address, [
        'Content-Type'      => 'application/json',
        'X-Ombud-Timestamp' => $time,
        'X-Ombud-Signature' => 'sha256=' . Digest::SHA::hmac_sha256_hex( "$time.$body", $secret ),
    ], $body );
    my $code = $agent->request($request)->code;
    alarm 0;
    $code;
};
alarm 0;
# Neither the address nor the answer: both would give the address away.
RT->Logger->warning( 'Ombud was not told: ' . ( $told || 'no answer' ) ) unless $told && $told =~ /^2/;
return 1;
COMMIT
} );
"""


class RtHooks:
    """Write the scrip of one Request Tracker."""

    def __init__(self, account: str, interest: Interest) -> None:
        """Keep what the scrip is for."""
        self._account = account
        self._queues = interest.projects
        self._name = f"{PREFIX}{account}: tells what changed"

    def install(self, kept: Kept, *, kind: str = "") -> tuple[Kept, Order | None]:  # noqa: ARG002 (there is one kind)
        """Write the scrip for the administrator."""
        names = {
            "name": _perl(self._name),
            "queues": ", ".join(_perl(each) for each in self._queues),
            "url": _perl(kept.url),
            "secret": _perl(kept.secret),
            "timeout": _TIMEOUT,
            "alarm": _ALARM,
        }
        text = f"our (@Initial, @Scrips);\n{_FORGET % names}{_TELL % names}1;\n"
        advice = f"Run as RT's administrator, on RT's machine: {_RUN}, and delete the file: it holds the secret"
        return replace(kept, kind=SCRIP), Order(f"ombud-{self._account}.initialdata", text, advice)

    def check(self, kept: Kept, now: Instant) -> Sequence[Check]:  # noqa: ARG002 (nothing is asked)
        """Say what cannot be known."""
        why = "RT shows scrips to no ordinary account"
        remedy = f"Look at Admin > Global > Scrips for {self._name!r}"
        return [Check("Scrip", ok=None, why=why, remedy=remedy)]

    def refresh(self, kept: Kept, now: Instant) -> Kept:  # noqa: ARG002 (part of the protocol)
        """Change nothing: a scrip does not expire."""
        return kept

    def remove(self, kept: Kept) -> Order | None:  # noqa: ARG002 (it is known by its description)
        """Write what takes the scrip away, for the administrator."""
        text = f"our (@Initial);\n{_FORGET % {'name': _perl(self._name)}}1;\n"
        advice = f"Run as RT's administrator, on RT's machine: {_RUN}"
        return Order(f"ombud-{self._account}-remove.initialdata", text, advice)


def _perl(text: str) -> str:
    """Quote a text for Perl, on one line."""
    if not text.isprintable():
        raise ConfigurationError(f"{text!r} cannot stand in a scrip")
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def ear(account: str, vendor: str, kept: Kept) -> RtEar:
    """Open what reads an account's deliveries."""
    return RtEar(account, vendor, kept)


def hooks(
    account: str,
    settings: Account,  # noqa: ARG001 (nothing is asked)
    secrets: Mapping[str, str],  # noqa: ARG001 (nothing is asked)
    *,
    interest: Interest,
    clock: Clock,  # noqa: ARG001 (nothing is asked)
    sleep: Callable[[float], None],  # noqa: ARG001 (nothing is asked)
    on_wait: Callable[[str, float], None] | None = None,  # noqa: ARG001 (nothing is asked)
    authorizer: Authorizer | None = None,  # noqa: ARG001 (nothing is asked)
) -> RtHooks:
    """Open what writes an account's scrip."""
    return RtHooks(account, interest)
