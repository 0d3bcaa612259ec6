"""`speql bench lsp`: how quickly the language server answers while someone types."""
