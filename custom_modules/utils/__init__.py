"""Small things every other part of the package uses; they need nothing but Python."""

from .config_path import find_config
from .data_folder import missing_ann, resolve_ann, resolve_data_root
from .errors import UserError
from .files import as_typed, atomic_folder, atomic_write, find_file, read_object
from .outputs import check_folder, check_output, check_output_folder, refuse_data_set
from .similar import did_you_mean, similar_names, similar_paths

__all__ = [
    'UserError',
    'as_typed',
    'atomic_folder',
    'atomic_write',
    'check_folder',
    'check_output',
    'check_output_folder',
    'did_you_mean',
    'find_config',
    'find_file',
    'missing_ann',
    'read_object',
    'refuse_data_set',
    'resolve_ann',
    'resolve_data_root',
    'similar_names',
    'similar_paths',
]
