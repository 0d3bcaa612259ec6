"""Whole results, kept while somebody looks at them: their pages, statistics and charts."""
