"""Queries and updates at work: the engine over its workers, the cache, the lanes, calls of other services."""
