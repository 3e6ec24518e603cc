# Every target, with what it does: `make help`. No logic here: it lives in tools/ and in the `booking` command.

HOST ?= 127.0.0.1
PORT ?= 8000
NAME ?=

.PHONY: help .venv run story test check bench soak clean

help: ## this list
	@tools/help.sh

.venv: ## the Python environment, from the lock files (quick when nothing changed)
	@tools/environment.sh

run: .venv ## the demonstration, alive today, on http://127.0.0.1:8000 (HOST=… PORT=… to change)
	@.venv/bin/booking run --host $(HOST) --port $(PORT)

story: .venv ## the demonstration as written: its clock stands at 18 January 2027, 10:40
	@BOOKING_VAR=./var-story BOOKING_CLOCK=2027-01-18T10:40:00+01:00 .venv/bin/booking run --unshifted --host $(HOST) --port $(PORT)

test: ## every test, on SQLite, on PostgreSQL and in a browser (ARGS=… goes to pytest)
	@tools/test.sh $(ARGS)

check: ## style, types and who may import whom
	@tools/check.sh

bench: .venv ## the benchmarks (NAME=slots for one of them)
	@.venv/bin/booking bench $(NAME)

soak: ## the long runs, many minutes each
	@tools/test.sh -m soak --timeout 7200 $(ARGS)

clean: ## take away everything that can be made again (the data in var/ stays)
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
