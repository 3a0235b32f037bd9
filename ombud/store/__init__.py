"""The database: the only place that imports a driver."""
