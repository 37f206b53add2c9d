# The four commands of the house. The first call of each makes .venv from the lock file.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check static bench mutation faults docs generated access vendor lock clean

# RUNNER=1 plays it in the image of Dockerfile.runner, RUNNER=slim in that of its stage `slim`; it is built first.
demo: .venv/ready
	$(BIN)/python -m sandbox demo $(if $(RUNNER),--runner $(filter slim,$(RUNNER)))

test: .venv/ready
	$(BIN)/python -m tests

check: static
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not slow" tests/unit tests/docs tests/infra

# What of `make check` is no test; `make test` plays all tests of it, and more.
static: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --num-workers auto
	$(BIN)/lint-imports

bench: .venv/ready
	$(BIN)/python -m bench

# Minutes: every small change of the verdict must fail a test (pyproject.toml, [tool.mutmut]).
mutation: .venv/ready
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/mutation.lock
	rm -rf mutants
	$(BIN)/mutmut run --max-children 1
	$(BIN)/mutmut results | tee mutants/left.txt
	test ! -s mutants/left.txt

# Minutes: an error, a signal or a lost lock before and after every call of whole runs (tests/unit/test_any_fault.py).
faults: .venv/ready
	$(BIN)/python -m tests.support.every_fault
	$(BIN)/python -m tests.support.every_schedule
	$(BIN)/python -m tests.support.apart_schedules
	$(BIN)/python -m tests.support.every_transient_answer
	$(BIN)/python -m tests.support.every_reactor
	$(BIN)/python -m tests.contract.signals.every_signal

# The pages as a site in build/docs; a warning, such as a link that leads nowhere, is an error.
docs: .venv/ready
	$(BIN)/sphinx-build -W --keep-going -q -j auto docs build/docs

# What is written from the sources: the configuration's reference, the report's schema, the completion of shells, the
# table of stages, and the page of the model of several hosts.
generated: .venv/ready
	$(BIN)/python -m scripts.configuration_page
	$(BIN)/python -m scripts.report_schema
	$(BIN)/python -m scripts.completion
	$(BIN)/python -m scripts.stage_table
	$(BIN)/python -m bench past-one-machine

# After a change of the sample's chart: infra/access.yaml, the rights that it needs. Helm renders it.
access: .venv/ready
	$(BIN)/python -m scripts.access_file

# Writes the wheel and its lock file into another repository: make vendor INTO=../erp
vendor: .venv/ready
	$(if $(INTO),,$(error say where: make vendor INTO=DIR))
	$(BIN)/python scripts/vendor.py "$(INTO)"

# Needs uv; writes the two lock files anew from pyproject.toml.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header -o requirements/run.lock pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra dev -c requirements/run.lock -o requirements/dev.lock pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header -c requirements/dev.lock -o requirements/mutation.lock requirements/mutation.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header -o requirements/build.lock requirements/build.in

.venv/ready: requirements/dev.lock requirements/build.lock pyproject.toml
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/build.lock -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src  # where byte code may not be written, every start would compile anew
	touch $@

clean:
	rm -rf .venv build mutants
