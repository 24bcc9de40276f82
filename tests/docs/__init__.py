"""The documents tell the truth: their commands run, their outputs are real, their links lead somewhere."""
