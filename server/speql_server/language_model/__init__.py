"""The language model in a server: its key, what it has spent, and when it is asked."""
