"""What `MENTORSHIP_DATABASE_URL` may say: it takes effect, or it is refused with the reason and never repeated in the message."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import text
from sqlalchemy.engine import make_url

from records.database import Database, engine_for
from records.database_url import of_file, out_of_reach, parse
from records.errors import DatabaseUnusable, RecordsUnavailable
from records.store import Records

ASKS_FOR_TLS = bytes.fromhex("0000000804d2162f")
"""What a Postgres client sends first if it wants TLS; the server answers S or N."""
FOLDER = "x" * 70
"""Longer than any part of a host name may be."""
HERE, ELSEWHERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("postgres.example")


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("postgres://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql://u:p%40@h:5433/d", "postgresql+asyncpg://u:p%40@h:5433/d"),
        ("postgresql://u@h/d?ssl=require", "postgresql+asyncpg://u@h/d?sslmode=require"),
        (f"postgresql:///d?host=/{FOLDER}", f"postgresql+asyncpg:///d?host=%2F{FOLDER}"),
        ("postgresql:///d?user=me%40work&password=p%40", "postgresql+asyncpg:///d?password=p%40&user=me%40work"),
    ],
)
def test_plain_urls_will_do(given, used):
    assert parse(given).render_as_string(hide_password=False) == used


@pytest.mark.parametrize("folder", ["a b", "50%20", "100%", "what?", "a#b", "ü@x:1"])
def test_a_file_is_found_whatever_its_folder_is_called(tmp_path: Path, folder: str) -> None:
    """Characters with a meaning in a URL would name another file, or none: records would lie elsewhere than their keys."""
    assert parse(of_file(tmp_path / folder / "records.db")).database == str(tmp_path / folder / "records.db")


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("mysql://h/d", "expected a database URL that begins with sqlite:/// or postgresql://"),
        ("postgresql://u@h/d?sslmod=require", "`sslmod` is not known here; expected some of application_name, "),
        ("postgresql://u@h/d?sslmode=requier", "expected sslmode to be one of disable, allow, prefer, require, verify-ca, verify-full"),
        ("postgresql://u@h/d?sslmode=require&sslmode=disable", "`sslmode` stands there twice"),
        ("postgresql://u@h/d?prepared_statement_cache_size=none", "expected prepared_statement_cache_size to be a whole number"),
        ("postgresql://u@h:70000/d", "expected hosts, and ports from 1 to 65535"),
        ("postgresql://u@db..example/d", "expected hosts, and ports from 1 to 65535"),
        ("postgresql:///d?host=h&port=many", "expected hosts, and ports from 1 to 65535"),
        ("postgresql:///d?host=a:5432&host=b&port=5432", "expected hosts, and ports from 1 to 65535"),
        ("sqlite:///a.db?mode=ro", "a file takes no parameters behind the ?"),
        *((url, "this names no file") for url in ("sqlite://", "sqlite:///", "sqlite+aiosqlite:///:memory:")),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(url, refused):
    """Otherwise a misspelt sslmode would mean no TLS."""
    with pytest.raises(DatabaseUnusable) as caught:
        parse(url)
    assert str(caught.value).startswith(f"MENTORSHIP_DATABASE_URL: {refused}")


@pytest.mark.parametrize("url", ["postgresql://u:se@cret@h/d", "postgresql://u:se@cr/et@h/d", "postgresql://u:s@e?cr=et@h/d"])
def test_a_password_that_is_not_encoded_is_refused_and_no_part_of_it_repeated(url):
    """The part after the first @ used to be taken for the host, and was reported as the database's address."""
    with pytest.raises(DatabaseUnusable, match=r"percent-encoded, @ as %40$"):
        parse(url)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("postgresql://u:secret@/records?host=a:5432&host=b:5432", "a:5432, b:5432/records"),
        ("postgresql://u:secret@/records?host=/run/postgresql", "/run/postgresql/records"),
        ("postgresql://u:secret@a", "a"),
        ("sqlite:////var/lib/records.db", "/var/lib/records.db"),
    ],
)
def test_it_is_said_where_the_database_is_however_that_was_written(url, where):
    assert out_of_reach(parse(url)) == f"the database at {where} cannot be reached; see MENTORSHIP_DATABASE_URL"


async def test_postgres_hears_what_the_url_says_of_a_session(postgres, keys):
    url = postgres.get_uri(database="records_template") + "&application_name=mentorship&options=-csearch_path%3Delsewhere"
    database = Database(engine_for(url))
    async with database.read() as connection:
        told = [(await connection.execute(text(f"SHOW {name}"))).scalar_one() for name in ("application_name", "search_path")]
    await database.close()
    assert told == ["mentorship", "elsewhere"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"database": "nowhere"}, "it has no such database"),
        ({"username": "nobody"}, "it refuses this login"),
        ({"username": "reader"}, "this login lacks a right there"),
    ],
)
async def test_what_an_operator_can_put_right_is_said(postgres, keys, changed, why):
    postgres.psql("DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    url = make_url(postgres.get_uri(database="records_template")).set(**changed)
    with pytest.raises(RecordsUnavailable, match=rf" cannot be reached: {why}; see MENTORSHIP_DATABASE_URL$"):
        await Records.open(url.render_as_string(hide_password=False), keys)


# -- TLS --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def before_it(postgres, tmp_path):
    """Makes a URL that leads to the migrated database by TCP and, for a server that presents a certificate of this `name`, by TLS."""
    behind = Path(str(make_url(postgres.get_uri()).query["host"])) / ".s.PGSQL.5432"
    tasks = set()
    servers = []

    async def pass_on(source, target):
        with contextlib.suppress(OSError, ssl.SSLError):
            while some := await source.read(65536):
                target.write(some)
        target.close()

    async def made(name):
        context = _certificate(name, tmp_path / "server.pem") if name is not None else None

        async def take(reader, writer):
            first = await reader.readexactly(8)
            if first == ASKS_FOR_TLS:
                writer.write(b"S" if context is not None else b"N")
                first = b""
                if context is not None:
                    try:
                        await writer.start_tls(context)
                    except (OSError, ssl.SSLError):  # the client did not trust the certificate
                        writer.close()
                        return
            there, back = await asyncio.open_unix_connection(behind)
            back.write(first)
            for source, target in ((reader, back), (there, writer)):
                tasks.add(asyncio.create_task(pass_on(source, target)))

        servers.append(await asyncio.start_server(take, "127.0.0.1", 0))
        return f"postgresql://postgres@127.0.0.1:{servers[0].sockets[0].getsockname()[1]}/records_template"

    yield made
    for server in servers:
        server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _certificate(name, file):
    """Writes a server's own certificate for this name, and returns the context that presents it."""
    key = ec.generate_private_key(ec.SECP256R1())
    whose, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Postgres of a test")]), datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(whose).issuer_name(whose).public_key(key.public_key()).serial_number(1)
    built = built.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    built = built.add_extension(x509.SubjectAlternativeName([name]), critical=False)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize(
    ("shown", "said", "why"),
    [
        (HERE, "sslmode=verify-full&sslrootcert={file}", None),
        (ELSEWHERE, "sslmode=verify-full&sslrootcert={file}", "its certificate is not what sslmode asks for"),
        (ELSEWHERE, "sslmode=verify-ca&sslrootcert={file}", None),
        (HERE, "sslmode=require", None),
        (HERE, "sslmode=verify-full&sslrootcert={file}.not", "the file that sslrootcert names cannot be read"),
        (None, "sslmode=require", "TLS, as sslmode asks for it, does not come about"),
        (None, "sslmode=prefer", None),
    ],
)
async def test_sslmode_means_what_it_means_to_postgres_own_programs(before_it, keys, tmp_path, shown, said, why):
    """H12: an operator who asks for TLS has TLS, or is told that there is none; `sslmode` used to end in a traceback."""
    url = f"{await before_it(shown)}?{said.format(file=tmp_path / 'server.pem')}"
    if why is None:
        await (await Records.open(url, keys)).close()
        return
    with pytest.raises(RecordsUnavailable, match=f" cannot be reached: {why}; "):
        await Records.open(url, keys)


# -- poolers ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "kept"), [("", True), ("&prepared_statement_cache_size=0", False)])
async def test_a_pooler_that_hands_connections_on_finds_no_statement_of_another_client(postgres, said, kept):
    """By the driver's own numbers, one client's statement was executed for another. No statement may outlive its transaction where the URL says so."""
    database = Database(engine_for(postgres.get_uri(database="records_template") + said))
    prepared = text("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%FROM people%'")
    found = []
    for _ in range(2):
        async with database.read() as connection:
            await connection.execute(text("SELECT ref FROM people"))
            found.append(set((await connection.execute(prepared)).scalars()))
    await database.close()
    other = Database(engine_for(postgres.get_uri(database="records_template")))
    async with other.read() as connection:
        await connection.execute(text("SELECT ref FROM people"))
        elsewhere = set((await connection.execute(prepared)).scalars())
    await other.close()
    assert bool(found[0] & found[1]) is kept
    assert not elsewhere & (found[0] | found[1])
    assert all(name.startswith("m_") for name in elsewhere)
