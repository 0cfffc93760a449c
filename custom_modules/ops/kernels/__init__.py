"""Numba kernels for the CPU; importing a module of this package imports numba."""
