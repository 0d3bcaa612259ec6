"""One LSP method, one file."""
