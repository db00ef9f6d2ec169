"""Finding speech and writing it down."""
