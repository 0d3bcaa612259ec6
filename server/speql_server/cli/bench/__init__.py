"""`speql bench`: replays typing against a real engine and compares with direct execution."""
