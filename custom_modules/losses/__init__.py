"""Losses: pure functions under thin modules."""
