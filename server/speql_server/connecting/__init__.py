"""Which connection a document has: what is known of it, and opening it."""
