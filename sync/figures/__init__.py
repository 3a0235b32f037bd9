"""The figures that pages, reports, exports and the API show: each counted in one place."""
