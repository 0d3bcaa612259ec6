"""The edge: bytes, messages, and who may connect."""
