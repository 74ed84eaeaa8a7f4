"""Nightdesk: the night desk of an online newspaper. Posts every article once, on time, cut to fit."""

__version__ = "0.1.0"
