"""Results as a whole, for clients: pages, statistics, charts, files."""
