"""Write the empty ``opencv-python`` that stands for the headless OpenCV.

mmcv and mmsegmentation require ``opencv-python``, imaug that and ``opencv-python-headless``: the two install the same
``cv2`` folder over each other, and the first needs libGL. The wheel written here holds no code, only a name, a version
and the requirement of the headless package, so that installers are satisfied and one OpenCV is installed. After a new
version of OpenCV is pinned in requirements.txt::

    python requirements/opencv_wheel.py 4.12.0.88
"""

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

WHEELS = Path(__file__).resolve().parent / 'wheels'


def wheel_name(version: str) -> str:
    """Return the file name of the stand-in for OpenCV ``version``."""
    return f'opencv_python-{version}+headless-py3-none-any.whl'


def wheel_files(version: str) -> dict[str, str]:
    """Return the text of each file in the stand-in, by its path in the wheel."""
    folder = f'opencv_python-{version}+headless.dist-info'
    files = {
        f'{folder}/METADATA': (
            'Metadata-Version: 2.1\n'
            'Name: opencv-python\n'
            f'Version: {version}+headless\n'
            'Summary: Empty: stands for opencv-python-headless, which it requires\n'
            'License: Apache-2.0\n'
            f'Requires-Dist: opencv-python-headless=={version}\n'
        ),
        f'{folder}/WHEEL': ('Wheel-Version: 1.0\nGenerator: opencv_wheel\nRoot-Is-Purelib: true\nTag: py3-none-any\n'),
    }
    lines = [f'{path},{_digest(text)},{len(text)}\n' for path, text in files.items()]
    record = f'{folder}/RECORD'
    return {**files, record: ''.join(lines) + f'{record},,\n'}


def write_wheel(version: str, folder: Path = WHEELS) -> Path:
    """Write the stand-in, the same bytes on every machine, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / wheel_name(version)
    with zipfile.ZipFile(path, 'w') as archive:
        for name, text in wheel_files(version).items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return path


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return 'sha256=' + base64.urlsafe_b64encode(digest).rstrip(b'=').decode()


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(f'usage: {sys.argv[0]} VERSION')
    print(write_wheel(sys.argv[1]))
