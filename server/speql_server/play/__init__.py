"""SpeQL in a browser: a page at 127.0.0.1, and what it needs of a server."""
