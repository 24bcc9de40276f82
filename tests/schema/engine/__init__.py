"""The engine, proved against the reference."""
