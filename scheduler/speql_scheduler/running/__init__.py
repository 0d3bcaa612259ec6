"""What waits: job graph, runner, store, previews."""
