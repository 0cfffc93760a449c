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


LIGHT = """
import sys
from tools._launch import light
with light():
    from custom_modules import datasets, ensemble, evaluation, pseudo_label, submission, visualization
assert not {'custom_modules', 'torch', 'mmengine'} & set(sys.modules), 'something heavy was imported'
import custom_modules
from custom_modules.engine import load_config
assert custom_modules.evaluation is evaluation
"""


def test_what_needs_no_model_loads_without_the_rest():
    """Nor is anything loaded twice when the rest follows."""
    subprocess.run([sys.executable, '-c', LIGHT], cwd=REPOSITORY, check=True)
