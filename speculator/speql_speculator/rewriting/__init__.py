"""Rewrites a query on request: what comes of it has the same rows, or the rewriting is not offered."""
