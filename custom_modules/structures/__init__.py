"""Instance masks that stay polygons or runs until they are needed at their final size; imported from their files.

The parts for run-length masks need no torch: tools without a model use them, too.
"""
