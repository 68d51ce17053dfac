"""A real SMTP server on loopback: what is retried, what is not, and what an error never says (H12)."""
# ruff: noqa: ARG002 - aiosmtpd calls its handlers with more than these need

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from notices.smtp import Mailer, Refused, TryLater


class Box:
    """Answers as the test tells it to, and keeps what it accepts."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.mails: list[tuple[str, list[str], bytes]] = []

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 - the library's name
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        answer = self.answers.get("rcpt", "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = self.answers.get("data", "250 OK")
        if answer.startswith("2"):
            self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return answer


@contextlib.asynccontextmanager
async def serving(box, wrapped=None, **settings):
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box, hostname="mail.example", **settings), "127.0.0.1", 0, ssl=wrapped)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def test_a_mail_arrives_as_it_was_composed(mail):
    box = Box()
    message = mail("welcome")
    async with serving(box) as port:
        await Mailer("127.0.0.1", port).send(message)
    ((sender, recipients, content),) = box.mails
    assert (sender, recipients) == ("mentoring@service.example", ["ada@people.example"])
    assert content == message.as_bytes()


async def test_a_retry_hands_in_the_same_message_id(mail):
    box = Box()
    async with serving(box) as port:
        for _ in range(2):
            await Mailer("127.0.0.1", port).send(mail("ask"))
    first, second = (content for _, _, content in box.mails)
    assert first == second


@pytest.mark.parametrize(
    ("answers", "expected", "code", "status"),
    [
        ({"rcpt": "550 5.1.1 <ada@people.example> unknown"}, Refused, 550, "5.1.1"),
        ({"rcpt": "451 4.7.1 ada@people.example is greylisted"}, TryLater, 451, "4.7.1"),
        ({"rcpt": "554 5.7.1 <ada@people.example>: relay access denied"}, TryLater, 554, "5.7.1"),
        ({"rcpt": "530 5.7.0 authentication is required"}, TryLater, 530, "5.7.0"),
        ({"data": "554 5.7.1 ada@people.example does not want this"}, Refused, 554, "5.7.1"),
        ({"data": "452 4.3.1 the disk is full"}, TryLater, 452, "4.3.1"),
        ({"mail": "552 5.3.4 too big for ada@people.example"}, Refused, 552, "5.3.4"),
        ({"mail": "553 5.7.1 mentoring@service.example may not send"}, TryLater, 553, "5.7.1"),
        ({"mail": "421 4.3.2 closing"}, TryLater, 421, "4.3.2"),
    ],
)
async def test_the_servers_answer_decides_whether_to_try_again_and_no_address_is_repeated(mail, answers, expected, code, status):
    box = Box(**answers)
    async with serving(box) as port:
        with pytest.raises(expected) as fault:
            await Mailer("127.0.0.1", port).send(mail("ask"))
    assert (fault.value.code, fault.value.status) == (code, status)
    said = repr(fault.value) + str(fault.value)
    assert "@" not in said
    assert "greylisted" not in said
    assert fault.value.__cause__ is None
    assert fault.value.__context__ is None
    assert box.mails == []


async def test_no_server_is_no_reason_to_give_up(mail):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers here
        with pytest.raises(TryLater) as fault:
            await Mailer("127.0.0.1", taken.getsockname()[1], timeout=5).send(mail("ask"))
    assert fault.value.__context__ is None


async def test_a_server_that_says_nothing_is_left_after_the_timeout(mail):
    async def say_nothing(_reader, _writer):
        await asyncio.Event().wait()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    try:
        with pytest.raises(TryLater):
            await Mailer("127.0.0.1", silent.sockets[0].getsockname()[1], timeout=0.2).send(mail("ask"))
    finally:
        silent.close()


async def test_a_server_that_hangs_up_in_the_middle_is_tried_again(mail):
    async def hang_up(_reader, writer):
        writer.write(b"220 mail.example\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    try:
        with pytest.raises(TryLater):
            await Mailer("127.0.0.1", server.sockets[0].getsockname()[1], timeout=5).send(mail("ask"))
    finally:
        server.close()


class Curt(Box):
    async def handle_QUIT(self, server, session, envelope):  # noqa: N802
        server.transport.abort()
        return "221 bye"


async def test_a_mail_that_was_taken_is_not_sent_again_because_the_farewell_failed(mail):
    box = Curt()
    async with serving(box) as port:
        await Mailer("127.0.0.1", port).send(mail("ask"))
    assert len(box.mails) == 1


async def test_a_wrong_password_loses_nobodys_mail(mail):
    box = Box()

    def check(_server, _session, _envelope, _mechanism, data):
        return AuthResult(success=data.password == b"right", handled=False)  # the server says 535; otherwise it would stay silent until the timeout

    async with serving(box, authenticator=check, auth_required=True, auth_require_tls=False) as port:
        with pytest.raises(TryLater) as fault:
            await Mailer("127.0.0.1", port, user="service", password="wrong").send(mail("ask"))
        await Mailer("127.0.0.1", port, user="service", password="right").send(mail("ask"))
    assert "wrong" not in str(fault.value)
    assert fault.value.code == 535
    assert len(box.mails) == 1


async def test_a_server_without_starttls_gets_no_mail_in_the_clear(mail):
    box = Box()
    async with serving(box) as port:
        with pytest.raises(TryLater):
            await Mailer("127.0.0.1", port, tls="starttls").send(mail("ask"))
    assert box.mails == []


@pytest.fixture
def certificate(tmp_path):
    """A server's own certificate for a name, and the context that presents it."""

    def made(name):
        key = ec.generate_private_key(ec.SECP256R1())
        whose, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")]), datetime.now(UTC)
        built = x509.CertificateBuilder().subject_name(whose).issuer_name(whose).public_key(key.public_key()).serial_number(1)
        built = built.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        built = built.add_extension(x509.SubjectAlternativeName([name]), critical=False).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        file = tmp_path / "server.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(secret + built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        return file, context

    return made


HERE, ELSEWHERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("mail.example")


@pytest.mark.parametrize(("name", "known", "taken"), [(HERE, True, True), (HERE, False, False), (ELSEWHERE, True, False)])
@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_mail_goes_only_to_a_server_that_shows_who_it_is(tls, name, known, taken, mail, certificate, monkeypatch):
    """H12: an intermediary would read every mail, and open every page to which it links."""
    file, context = certificate(name)
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    box = Box()
    async with serving(box, **({"tls_context": context} if tls == "starttls" else {}), wrapped=context if tls == "tls" else None) as port:
        sending = Mailer("127.0.0.1", port, tls=tls, timeout=10).send(mail("ask"))
        if taken:
            await sending
        else:
            with pytest.raises(TryLater):
                await sending
    assert len(box.mails) == taken


def test_a_mailer_does_not_show_its_password():
    assert "hunter2" not in repr(Mailer("mail.example", 25, "service", "hunter2"))
