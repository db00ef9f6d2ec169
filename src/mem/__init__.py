"""Mem: a self-hosted memory of video by time."""

__version__ = "0.1.0"
