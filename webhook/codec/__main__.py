"""`python -m webhook.codec`, and the console script `mentorship-codec`."""

from gateway.starting import stopped_at_once


def run() -> None:
    """Told to stop while it loads, it leaves as it does later: with 0."""
    stopped_at_once(0, by=("SIGINT", "SIGTERM"))
    from webhook.codec.main import main  # noqa: PLC0415 - takes a second or more

    main()


if __name__ == "__main__":
    run()
