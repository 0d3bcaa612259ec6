"""Resolves a parsed statement against the catalog: what names mean, and what is still missing."""
