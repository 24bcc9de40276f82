"""The nevers of the house: short pure functions that read source text, and the tests that hold the tree to them."""
