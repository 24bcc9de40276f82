"""The schema's history and how to walk it. Knows the owner's connection only; never runs inside a serving process."""
