"""Real clients, as their authors ship them, against a running server."""
