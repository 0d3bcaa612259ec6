"""Snapshot -> repair + prediction -> superset query. Text, tokens and trees; runs no SQL."""
