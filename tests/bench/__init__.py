"""The benchmark: the product beside a stock Strawberry app and beside hand-written code, on the same rows.

``python -m tests.bench`` runs it. Nothing here asserts a time; ``docs/performance.md`` tells how to read the figures.
"""
