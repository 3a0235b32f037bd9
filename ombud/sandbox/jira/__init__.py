"""Jira Cloud as it speaks: REST API v3, and the parts of v2 that older clients need."""
