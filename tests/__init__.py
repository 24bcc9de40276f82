"""The tests: they mirror the floors, and `house/` keeps the rules of the house."""
