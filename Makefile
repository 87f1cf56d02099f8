# make demo: set up, run the main job on real input, print the verdict.   make test: set up, run the tests.
# On another machine kind: make TORCH="torch>=2.8 --index-url …" takes the torch build you choose.
PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
DEMO_SCALE ?= 1
TESTS ?= tests

BIN := $(VENV)/bin
STAMP := $(VENV)/.maslin-installed

.PHONY: demo test setup lint lock bench clean
.DELETE_ON_ERROR:

demo: $(STAMP)
	@$(BIN)/maslin demo --scale $(DEMO_SCALE)

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadscope $(TESTS)

setup: $(STAMP)

# One resolve against the lock. torch comes by pip first: uv would take a larger build; a torch that is there stays.
$(STAMP): pyproject.toml setup.py constraints.txt Makefile
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c "import torch, sys; v = torch.__version__.split('.'); sys.exit((int(v[0]), int(v[1])) < (2, 8))" 2>/dev/null \
	  || $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt $(TORCH) numpy
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/pip install --quiet --disable-pip-version-check uv || true
	@if $(BIN)/python -m uv --version >/dev/null 2>&1; \
	  then $(BIN)/python -m uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[dev]'; \
	  else $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'; fi
	@for folder in curation flows manifests trainer; do ln -sfn ../$$folder maslin/$$folder; done  # for editors: CONTRIBUTING.md
	@$(BIN)/maslin setup
	@touch $@

lint: $(STAMP)
	$(BIN)/ruff check .

bench: $(STAMP)
	$(BIN)/python -m benchmarks.curation

# Resolve anew: every extra in one go, for every Python and system at once, without torch (its build differs by machine),
# addresses or hashes.
lock: $(STAMP)
	$(BIN)/python -m uv pip compile pyproject.toml --all-extras --quiet --no-header --no-annotate --universal \
	  --python-version 3.11 --upgrade -o constraints.new
	grep -vE '^(torch|nvidia|triton|cuda|setuptools| )' constraints.new > constraints.txt
	rm constraints.new

clean:
	rm -rf $(VENV) maslin-demo maslin-work
