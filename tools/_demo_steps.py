"""Tools called one after another as a user would, several such lines side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools._launch import ROOT


class StepFailed(Exception):
    """A tool ended with an exit code other than 0."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Steps:
    """Calls tools.

    Args:
        log: File for what they print; None for the terminal.
        threads: Of each tool; None for what it takes by itself.
    """

    def __init__(self, log: Path | None = None, threads: int | None = None) -> None:
        self.log = log
        self.environment = dict(os.environ)
        if threads is not None:
            self.environment.setdefault('OMP_NUM_THREADS', str(threads))
        self.process: subprocess.Popen | None = None
        self.is_stopped = False
        self._lock = threading.Lock()

    def call(self, tool: str, *options: str) -> None:
        """Run one of the tools.

        Raises:
            StepFailed: It failed; its own message stands in the output.
        """
        words = [here(ROOT / 'tools' / tool), *(here(word) if Path(word).is_absolute() else word for word in options)]
        self._say(f'\n$ python {" ".join(words)}')
        with self._lock:
            if self.is_stopped:
                raise StepFailed(128 + signal.SIGTERM)
            self.process = self._start([sys.executable, *words])
        try:
            code = self.process.wait()
        except KeyboardInterrupt:  # the tool got it too, and saves what it has
            code = self.process.wait()
        except SystemExit:
            self.stop()
            raise
        if code:
            raise StepFailed(code)

    def stop(self) -> None:
        """End the running tool as SIGTERM does, and begin no other."""
        with self._lock:
            self.is_stopped = True
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    def _start(self, command: list[str]) -> subprocess.Popen:
        if self.log is None:
            return subprocess.Popen(command, env=self.environment)
        with open(self.log, 'a', encoding='utf-8') as file:
            return subprocess.Popen(command, env=self.environment, stdout=file, stderr=subprocess.STDOUT)

    def _say(self, line: str) -> None:
        if self.log is None:
            print(line, flush=True)
        else:
            with open(self.log, 'a', encoding='utf-8') as file:
                file.write(line + '\n')


class Beside(threading.Thread):
    """A line of tools beside what is going on.

    Args:
        work: Calls the tools.
        steps: How.
    """

    def __init__(self, work: Callable[[Steps], Any], steps: Steps) -> None:
        super().__init__(daemon=True)
        self.work, self.steps = work, steps
        self.code, self.outcome = 0, None

    def run(self) -> None:
        """Do the work."""
        try:
            self.outcome = self.work(self.steps)
        except StepFailed as failed:
            self.code = failed.code

    def result(self) -> Any:
        """Wait for the end and return what came of it.

        Raises:
            StepFailed: A tool failed; the end of its output is printed.
        """
        self.join()
        if self.code and not self.steps.is_stopped:
            print(_end(self.steps.log), file=sys.stderr)
        if self.code:
            raise StepFailed(self.code)
        return self.outcome


def here(path: str | Path) -> str:
    """Return a path as one would type it in the working folder."""
    return os.path.relpath(path)


def _end(log: Path, count: int = 20) -> str:
    lines = log.read_text(encoding='utf-8', errors='replace').splitlines()[-count:]
    return '\n'.join([*lines, f'(the end of {here(log)})'])
