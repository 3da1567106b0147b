# Two commands: `make demo` runs the whole road once, `make test` runs every test. Both set up .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Extra options for pip, e.g. a mirror or an index of CPU-only torch builds.
PIP_OPTIONS ?=
OUT ?= out/demo
EPISODES ?= 3
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup system browser demo test lint types clean

help:  ## Show this list.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

# Set up again when the dependencies or their pins change, and only then.
$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "== setting up $(VENV) (the first time this takes a few minutes)"
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' || \
		{ echo "Python 3.10 to 3.12 is needed, $(PYTHON) is $$($(PYTHON) --version); try PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "the venv module is missing: sudo apt-get install -y python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --progress-bar on --disable-pip-version-check $(PIP_OPTIONS) \
		-c constraints.txt -e '.[ros,sim,train,dev]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(PIP_OPTIONS) \
		-c constraints.txt robomimic
	@touch $@

setup: $(VENV)/.installed system  ## Make .venv and install everything.

system:  # EGL renders without a screen; installed when that can be done without asking.
	@./tools/system-libraries

browser:  # Opens the HTML report in its tests, which skip without one.
	@./tools/system-libraries browser

demo: setup  ## Record Pick Cube demonstrations through ROS, end to end.
	@$(BIN)/reald2iff demo --out $(OUT) --episodes $(EPISODES) --overwrite

test: setup browser  ## Run every test that needs no GPU, robot or ROS installation.
	@echo "== running the tests on $(JOBS) processes"
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

lint: $(VENV)/.installed  ## Check style (ruff).
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.installed  ## Check types (mypy).
	@$(BIN)/mypy reald2iff sim/reald2iff_sim ros2_ws/src/reald2iff_ros/reald2iff_ros

clean:  ## Remove the environment and what was made.
	rm -rf $(VENV) out build *.egg-info .pytest_cache .mypy_cache .ruff_cache
