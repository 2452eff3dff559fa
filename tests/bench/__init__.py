"""What Safepoint costs, measured on this machine: `uv run python -m tests.bench`. Never part of the test run."""
