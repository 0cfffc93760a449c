"""Which values of a label picture are which class: small toml files, and their reader."""

from .class_file import LabelClasses, known_class_files, read_class_file

__all__ = ['LabelClasses', 'known_class_files', 'read_class_file']
