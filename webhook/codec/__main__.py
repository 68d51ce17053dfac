"""`python -m webhook.codec`, and the console script `mentorship-codec`."""

from gateway.starting import run_server


def run() -> None:
    run_server("webhook.codec.main")


if __name__ == "__main__":
    run()
