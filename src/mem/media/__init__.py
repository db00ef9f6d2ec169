"""Reading recordings: what is in them, when they began, their pictures and sound."""
