# Two commands do everything: `make run` starts 邻里 with the phone simulator, `make test` checks it.
.PHONY: run test quick chaos bench map lock clean

PY := .venv/bin/python -W ignore::SyntaxWarning

run:
	@tools/bootstrap run
	@exec .venv/bin/linli demo

test:
	@tools/bootstrap dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	.venv/bin/python tools/map --check
	.venv/bin/linli check config.yaml
	$(PY) -m pytest -n 2

quick:
	@tools/bootstrap dev
	$(PY) -m pytest -n 2 -m "not slow"

# The long form of tests/chaos: 20 kills on each engine, 200 power cuts, every trouble five times; some ten minutes.
chaos:
	@tools/bootstrap dev
	LINLI_CHAOS=full $(PY) -m pytest -n 2 tests/chaos

bench:
	@tools/bootstrap dev
	$(PY) benchmarks/webhook.py

# One line for each file in docs/map.md, from the first sentence of its docstring.
map:
	@python3 tools/map

# The lock files carry versions and hashes only, never an address.
lock:
	uv pip compile pyproject.toml --extra pg --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o locks/runtime.txt
	uv pip compile pyproject.toml --extra pg --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o locks/dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis .import_linter_cache
