"""Everything that records can refuse. Messages contain opaque ids, codes and instants, and never name a person (H12)."""

# ruff: noqa: N818 - an error is named for what is the case: Diverged, Erased, RecordsUnavailable

from __future__ import annotations


class RecordsError(Exception):
    """Something that records refused or could not do."""


class RecordsUnavailable(RecordsError):
    """The database cannot be reached, is locked for too long, or went away in the middle. Trying again later may help."""


class DatabaseUnusable(RecordsError, ValueError):
    """The setting names a database that records cannot use. Trying again does not help."""


class SchemaOutdated(RecordsError):
    """The database has an older schema than this code: `records.migrate.upgrade` was not called."""

    def __init__(self, revision: str, needed: str) -> None:
        how = "`mentorship doctor --fix` brings them there; see MENTORSHIP_DATABASE_URL"
        super().__init__(f"records stand at revision {revision}, this release needs {needed}; {how}")


class NoTables(RecordsError):
    """The database has none of our tables. If records exist elsewhere, tables made here would hide them."""

    def __init__(self) -> None:
        how = "are there any elsewhere, put them back first (docs/operations.md, Restore); else `mentorship doctor --fix` makes them"
        super().__init__(f"records have no tables yet; {how}; see MENTORSHIP_DATABASE_URL")


class SchemaNewer(RecordsError):
    """A newer release has changed the schema. This release can neither read it nor convert it back."""

    def __init__(self, revision: str, known: str) -> None:
        super().__init__(f"records stand at revision {revision}, which a newer release made; this one knows {known} and none after it; use that release")


class UnknownKey(RecordsError):
    """Something is sealed with a key that the keyring does not have: no longer, or not yet. Nothing is lost: add the key again."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the keyring has no key {key_id!r}")
        self.key_id = key_id


class Unreadable(RecordsError):
    """A sealed value failed authentication: it was altered, or is not where it was put."""

    def __init__(self, about: str) -> None:
        super().__init__(f"{about} cannot be opened with the key that it names")


class UnreadableRow(RecordsError, ValueError):
    """A row of a journal that this release cannot read. Its content is not quoted (H12)."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"row {seq} of a journal is nothing that this release can read: another release wrote it, or `mentorship journal verify` names it")


class Unknown(RecordsError, LookupError):
    """There is no such row. Trying again does not help."""


class UnknownPerson(Unknown):
    def __init__(self, ref: str) -> None:
        super().__init__(f"no person {ref}")


class AddressTaken(RecordsError):
    """A mail address given for this person belongs to somebody else."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"an address said of {ref} is somebody else's")


class UnknownProgramme(Unknown):
    pass


class UnknownCohort(Unknown):
    pass


class UnknownNote(Unknown):
    pass


class UnknownCertificate(Unknown):
    pass


class NotStored(Unknown):
    """The certificate is reserved, but its document is not stored yet."""


class Revoked(RecordsError):
    """The certificate is revoked; no edition follows it."""


class Superseded(RecordsError):
    """Another edition, `by`, has replaced this certificate; whatever is meant for the valid one is meant for that."""

    def __init__(self, certificate: str, by: str) -> None:
        super().__init__(f"certificate {certificate} does not count any more: {by} superseded it")
        self.by = by


class UnknownNotice(Unknown):
    pass


class BeingSent(RecordsError):
    """Somebody else was told to send this very mail and may be sending it. Trying again later helps."""


class UnknownMessage(Unknown):
    pass


class UnknownCase(Unknown):
    pass


class Erased(RecordsError):
    """The person was erased: the id remains, but not who it was or what they said (P8)."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"{ref} was erased")


class Begun(RecordsError):
    """A mentorship of this person began after the caller looked for running ones. It was not ended, and nobody was erased."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"a mentorship of {ref} began a moment ago")


class ProgrammeChanged(RecordsError):
    """The same version of a programme says something else now. `differences` names each key with both values, for the operator."""

    def __init__(self, programme: str, version: int, differences: list[str]) -> None:
        super().__init__(f"programme {programme} version {version} was changed in {len(differences)} places; give it another version")
        self.programme = programme
        self.version = version
        self.differences = differences


class CohortChanged(RecordsError):
    """The cohort exists with another start or programme. `differences` names each."""

    def __init__(self, cohort: str, differences: list[str]) -> None:
        super().__init__(f"cohort {cohort} exists with another {' and another '.join(differences)}")
        self.differences = differences


class PairChanged(RecordsError):
    """A pair of the roster has other people than when it was enrolled. `pair_ids` are the operator's own, so they are not in the message."""

    def __init__(self, cohort: str, pair_ids: tuple[str, ...]) -> None:
        super().__init__(f"{len(pair_ids)} pairs of cohort {cohort} have other people than when they were enrolled")
        self.pair_ids = pair_ids


class PairedAlready(RecordsError):
    """The two people already have a pair in this cohort that is not over. `pair_ids` are the operator's own ids of the further pairs."""

    def __init__(self, cohort: str, pair_ids: tuple[str, ...]) -> None:
        super().__init__(f"the same two have a pair of cohort {cohort} that is not over ({len(pair_ids)} of those that were to be enrolled)")
        self.pair_ids = pair_ids


class Diverged(RecordsError):
    """The journal already says something else at this place: the workflow was reset, or decides differently now. Never retried."""

    def __init__(self, mentorship: str, seq: int) -> None:
        super().__init__(f"the journal of {mentorship} says something else at {seq}")
        self.mentorship = mentorship
        self.seq = seq


class Gap(RecordsError):
    """Rows before these are not there yet; the same append succeeds once they are."""

    def __init__(self, mentorship: str, expected: int, got: int) -> None:
        super().__init__(f"the journal of {mentorship} continues at {expected}, not at {got}")
        self.expected = expected
        self.got = got


class DifferentBody(RecordsError):
    """The same message id came with another body, or the same sender used it for a message to another address."""

    def __init__(self, mentorship: str, message_id: str) -> None:
        super().__init__(f"message {message_id} to {mentorship} came before as another message")
