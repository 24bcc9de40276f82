"""The engine: operations compiled once into plans, executed breadth-first. It knows declarations, not nouns.

Its meaning is the reference executor's (``schema/reference.py``). What it cannot do exactly it refuses with
``Unsupported``, at compile time or while running, and the reference does it instead.
"""
