"""What the user will write next: history, likely columns, ghost text."""
