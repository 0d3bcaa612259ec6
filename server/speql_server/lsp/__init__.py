"""Between the protocol's types and values of the rooms below."""
