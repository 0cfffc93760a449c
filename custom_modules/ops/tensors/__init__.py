"""Operators written in tensor operations: they run on any device, and where numba is missing."""
