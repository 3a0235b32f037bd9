"""Complaint-handling policy laid over the helpdesk a team already runs."""
