"""`speql bench repair`: how often, how fast and at what loss unfinished texts are repaired."""
