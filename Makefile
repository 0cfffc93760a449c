# make demo, make test: each starts from a fresh clone. PYTHON=, TORCH=2.x.y and SYSTEM_TORCH=1 choose what .venv is
# made from (tools/install.py); PYTEST= passes options on, as in make test PYTEST='-k ops -x'.
export PYTHON TORCH SYSTEM_TORCH
RUN := .venv/bin/python
# Tests run in several processes of one thread each.
TEST := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 $(RUN) -m pytest -n auto --maxprocesses 4

.PHONY: install demo test test-fast test-slow test-zoo lint format doctor clean

install:
	@sh tools/install.sh

demo: install
	@$(RUN) tools/demo.py

test: lint
	@$(TEST) -m 'not slow and not zoo' $(PYTEST)

test-fast: install
	@$(TEST) -m fast $(PYTEST)

test-slow: install
	@$(TEST) -m slow $(PYTEST)

# One large model at a time.
test-zoo: install
	@$(RUN) -m pytest -m zoo $(PYTEST)

lint: install
	@$(RUN) -m ruff check --quiet .
	@$(RUN) -m ruff format --check --quiet . || { echo 'error: not formatted, run: make format' >&2; exit 1; }
	@$(RUN) -m codespell_lib || { echo 'error: misspelt, correct it; or put a word that is right into ignore-words-list of [tool.codespell] in pyproject.toml' >&2; exit 1; }

format: install
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

doctor:
	@sh tools/install.sh && $(RUN) tools/doctor.py

clean:
	rm -rf .venv .venv-removed .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
