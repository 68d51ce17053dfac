"""`python -m webhook`, and the console script `mentorship-webhook`."""

from gateway.starting import run_server


def run() -> None:
    run_server("webhook.main")


if __name__ == "__main__":
    run()
