# Give each person an authentication token and print them as lines of a .env file.
use strict;
use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT;

RT->LoadConfig;
RT->Init;
for my $name (qw(root agent1 agent2 ombud readonly)) {
    my $user = RT::User->new( RT->SystemUser );
    $user->Load($name);
    die "no user $name\n" unless $user->id;
    my ( $ok, $message, $token ) = RT::AuthToken->new( RT->SystemUser )
        ->Create( Owner => $user->id, Description => "tests as $name" );
    die "$name: $message\n" unless $ok;
    printf "RT_TOKEN_%s=%s\n", uc $name, $token;
}
# Readers must not wait for writers.
$RT::Handle->dbh->do('PRAGMA journal_mode=WAL');
