"""Turns what pip and the import system say into one line with a remedy."""

import re
from collections.abc import Mapping, Sequence

# Debian's and Ubuntu's packages of the libraries that a bare image lacks.
APT_PACKAGES = {
    'libGL.so': 'libgl1',
    'libEGL.so': 'libegl1',
    'libglib-2.0.so': 'libglib2.0-0',
    'libgthread-2.0.so': 'libglib2.0-0',
    'libgomp.so': 'libgomp1',
    'libstdc++.so': 'libstdc++6',
    'libgcc_s.so': 'libgcc-s1',
    'libgfortran.so': 'libgfortran5',
    'libatomic.so': 'libatomic1',
    'libnuma.so': 'libnuma1',
    'libz.so': 'zlib1g',
    'libffi.so': 'libffi8',
    'libtbb.so': 'libtbb12',
}
NETWORK = re.compile(
    r'NewConnectionError|ConnectTimeout|ReadTimeout|Read timed out|NameResolutionError|Temporary failure in name'
    r'|Connection refused|Connection reset|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED|HTTP error'
    r'|40[137] (?:Error|Client)'
)


class InstallError(Exception):
    """A reason why the environment cannot be made, in one line with the remedy."""


def explain_import(stderr: str, returncode: int) -> str:
    """Explain why a package of the new environment does not import.

    Args:
        stderr: What the failed Python printed; its last line counts.
        returncode: Its exit code, negative for a signal.
    """
    last = (stderr.strip().splitlines() or [f'Python ended with code {returncode}'])[-1]
    library = re.search(r'((lib[\w+.-]+?\.so)[\w.]*): cannot open shared object file', stderr)
    if library:
        package = APT_PACKAGES.get(library[2])
        remedy = f'apt install {package}' if package else 'install the system package that holds it'
        return f'the system library {library[1]} is missing: {remedy}, then run again'
    if 'GLIBC' in last:
        return f'this system is too old for the wheels ({last}): use one with glibc 2.28 or newer'
    if returncode == -4:
        return f'this processor lacks instructions that the wheels use ({last}): choose another torch, TORCH=2.x.y'
    if 'another numpy' in last:
        return f'{last}: run without SYSTEM_TORCH, or use an image whose torch was built for numpy 2'
    return f'a package does not import: {last}'


def explain_pip(said: Sequence[str], environ: Mapping[str, str]) -> str:
    """Explain why pip failed.

    Args:
        said: The lines it printed.
        environ: The environment it ran in, for settings that interfere.
    """
    text = '\n'.join(said)
    errors = [line for line in said if line.startswith('ERROR')] or [line for line in said if line.strip()] or ['']
    last = errors[-1].removeprefix('ERROR: ').strip()
    if 'No space left on device' in text:
        return 'the disk is full: make room in this folder and in TMPDIR (/tmp), then run again'
    if 'ResolutionImpossible' in text or 'conflicting dependencies' in text:
        setting = environ.get('PIP_CONSTRAINT')
        if setting:
            return f'PIP_CONSTRAINT={setting} contradicts requirements.txt: run again with `env -u PIP_CONSTRAINT make`'
        return f'pip found contradicting versions: {errors[0].removeprefix("ERROR: ")}; see `pip config list`'
    if NETWORK.search(text):
        return f'the package index cannot be reached: {last}; check the network, the proxy and `pip config list`'
    if 'No matching distribution' in text:
        return f'{last}: the package index in use (`pip config list`) has no wheel of it for this Python and machine'
    return f'pip failed: {last}'
