"""Keep helpdesk and policy in step: read, judge, decide, act; the one path there is."""
