"""Error-tolerant parsing: tokens to a tree in which every node knows what is missing from it."""
