"""A template of an adapter of another package, tried by the contract of all adapters: copy it."""
