"""Operators as numba kernels for the CPU; importing a module of this package imports numba."""
