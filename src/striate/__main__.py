"""`python -m striate`."""

from striate.cli.main import run

if __name__ == "__main__":
    run()
