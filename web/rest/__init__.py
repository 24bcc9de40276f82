"""Plain HTTP: routes that registered documents answer, in an envelope."""
