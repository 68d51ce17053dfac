"""`python -m worker`, and the console script `mentorship-worker`."""

from gateway.starting import run_server


def run() -> None:
    run_server("worker.main")


if __name__ == "__main__":
    run()
