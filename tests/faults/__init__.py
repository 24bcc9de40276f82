"""Faults from outside: servers that are killed, connections that are cut, clients that mean harm."""
