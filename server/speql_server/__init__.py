"""The only room that speaks LSP: the session of a document, and the command line."""
