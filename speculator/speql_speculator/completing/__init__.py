"""What may stand at a place of a text that is still being written."""
