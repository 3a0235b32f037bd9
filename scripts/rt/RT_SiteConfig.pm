# Request Tracker's settings for a throw-away server: everything lives in $ENV{OMBUD_RT_DIR}.
my $home = $ENV{OMBUD_RT_DIR} or die "OMBUD_RT_DIR is not set: start this through scripts/start-rt.sh\n";
my $port = $ENV{OMBUD_RT_PORT} or die "OMBUD_RT_PORT is not set: start this through scripts/start-rt.sh\n";

Set($rtname,       'ombud.test');
Set($Organization, 'ombud.test');
Set($Timezone,     $ENV{OMBUD_RT_ZONE} || 'UTC');

Set($WebDomain,  '127.0.0.1');
Set($WebPort,    $port);
Set($WebPath,    '');
Set($WebBaseURL, "http://127.0.0.1:$port");
Set($WebSecureCookies, 0);

Set($DatabaseType, 'SQLite');
Set($DatabaseName, "$home/rt.sqlite");
Set($DatabaseUser, '');
Set($DatabasePassword, '');
$RT::MasonDataDir    = "$home/mason";
$RT::MasonSessionDir = "$home/sessions";

# Mail ends in a file, which tests may read.
Set($MailCommand, 'testfile');
$Mail::Mailer::testfile::config{outfile} = "$home/mail.mbox";
Set($CorrespondAddress, 'complaints@example.com');
Set($CommentAddress,    'complaints-comment@example.com');

Set($LogToSyslog, undef);
Set($LogToFile,   undef);
Set($LogToSTDERR, 'warning');

# Each REST request hashes its token anew; the lowest cost keeps a test's request in milliseconds.
Set($BcryptCost, 4);

my %after = (
    received      => [qw(acknowledged rejected deleted)],
    acknowledged  => [qw(assessed investigating rejected deleted)],
    assessed      => [qw(investigating rejected deleted)],
    investigating => [qw(responded rejected deleted)],
    responded     => [qw(decided investigating resolved rejected deleted)],
    decided       => [qw(resolved rejected deleted)],
    resolved      => [qw(decided responded investigating)],
    rejected      => [qw(investigating)],
    deleted       => [],
);

Set(%Lifecycles,
    complaints => {
        type     => 'ticket',
        initial  => ['received'],
        active   => [qw(acknowledged assessed investigating responded decided)],
        inactive => [qw(resolved rejected deleted)],
        defaults => {
            on_create           => 'received',
            on_merge            => 'resolved',
            reminder_on_open    => 'acknowledged',
            reminder_on_resolve => 'resolved',
        },
        transitions => { '' => [qw(received acknowledged)], %after },
        rights      => { '* -> deleted' => 'DeleteTicket', '* -> *' => 'ModifyTicket' },
        actions     => [],
    },
    __maps__ => {
        'default -> complaints' => {
            new      => 'received',
            open     => 'investigating',
            stalled  => 'investigating',
            resolved => 'resolved',
            rejected => 'rejected',
            deleted  => 'deleted',
        },
        'complaints -> default' => {
            received => 'new',
            ( map { $_ => 'open' } qw(acknowledged assessed investigating responded decided) ),
            ( map { $_ => $_ } qw(resolved rejected deleted) ),
        },
    },
);

1;
