"""Taking a recording in: look, see, hear."""
