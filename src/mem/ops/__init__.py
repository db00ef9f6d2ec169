"""Keeping a memory in order."""
