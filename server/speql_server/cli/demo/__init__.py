"""`speql demo`: the main job in the terminal, on real data."""
