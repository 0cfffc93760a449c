"""The tools load the utils before, and without, the rest of the package."""

import subprocess
import sys

from custom_modules.utils.files import REPOSITORY

CODE = """
import sys
from tools._launch import load_utils
load_utils()
from custom_modules.utils import UserError
assert 'custom_modules' not in sys.modules
import custom_modules
from custom_modules.engine.config import UserError as raised
assert raised is UserError is custom_modules.utils.UserError
"""


def test_the_package_takes_the_utils_that_are_loaded():
    """A second UserError would be one that no tool knows."""
    subprocess.run([sys.executable, '-c', CODE], cwd=REPOSITORY, check=True)
