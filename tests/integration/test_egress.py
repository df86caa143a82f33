"""The egress against real servers on the loopback interface, which is private: an exception lets the tests in."""

import asyncio
import dataclasses
import datetime
import hashlib
import io
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from serving.adapters.egress.client import Egress
from serving.adapters.egress.config import EgressConfig
from serving.domain.errors import InvalidRequest, Reason, StoreUnavailable
from serving.records.egress import Downloaded, EgressError, EgressFault

_PUBLIC = "93.184.216.34"
_OTHER_LOOPBACK = "127.0.0.2"  # beside the exception, so as private as any
_OPEN = EgressConfig(allowed_networks=("127.0.0.1/32",), allow_http=True, timeout_s=5)
_HASTY = dataclasses.replace(_OPEN, timeout_s=0.2)
_MEDIA = bytes(range(256)) * 4000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Names:
    """A name server: hosts and their addresses, one answer after the other, the last for ever."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.asked: list[str] = []
        self._answers = {host.replace("_", "."): list(turns) for host, turns in answers.items()}

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        turns = self._answers.get(host.lower())
        if turns is None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return turns.pop(0) if len(turns) > 1 else turns[0]


@asynccontextmanager
async def _egress(config: EgressConfig = _OPEN, names: Names | None = None) -> AsyncIterator[Egress]:
    egress = Egress(config, names)
    try:
        yield egress
    finally:
        await egress.close()


class Site:
    """A server and what it was asked."""

    def __init__(self, port: int, requests: list[tuple[str, Mapping[str, str], bytes]]) -> None:
        self.port = port
        self.requests = requests

    def at(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def _site(
    handler: Handler, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Site]:
    requests: list[tuple[str, Mapping[str, str], bytes]] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        requests.append((f"{request.method} {request.raw_path}", request.headers, await request.read()))
        return await handler(request)  # type: ignore[arg-type]

    runner = web.ServerRunner(web.Server(answer, handler_cancellation=True), handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, host, port, ssl_context=tls).start()
    try:
        yield Site(runner.addresses[0][1], requests)
    finally:
        await runner.cleanup()


def _says(status: int, body: bytes = b"", **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(
            status=status, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    return handler


def _streams(*chunks: bytes, pause_s: float = 0.0, endless: bool = False) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        while True:
            for chunk in chunks:
                await response.write(chunk)
                await asyncio.sleep(pause_s)
            if not endless:
                return response

    return handler


async def _download(
    egress: Egress,
    uri: str,
    hosts: Sequence[str],
    into: io.BytesIO | None = None,
    max_bytes: int = 10_000_000,
    timeout_s: float = 10.0,
) -> Downloaded:
    return await egress.download(
        uri, io.BytesIO() if into is None else into, hosts=hosts, max_bytes=max_bytes, timeout_s=timeout_s
    )


# What may be called at all


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "hooks.example.com",
        "//hooks.example.com/",
        "/hooks",
        "https:",
        "https://",
        "https:///hooks",
        "https:hooks.example.com",
        "https:\\\\hooks.example.com",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "gopher://hooks.example.com/",
        "https://user:pw@hooks.example.com/",
        "https://user@hooks.example.com/",
        "https://:pw@hooks.example.com/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:65536/",
        "https://hooks.example.com:x/",
        "https://hooks.example.com:80:80/",
        "https://hooks..example.com/",
        "https://-hooks.example.com/",
        "https://hooks%2eexample.com/",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks example.com/",
        " https://hooks.example.com/",
        "https://hooks.example.com/\r\nx: y",
        "https://hooks.example.com/\x00",
        "https://höoks.example.com/",
        "https://１２７.0.0.1/",
        "https://①②⑦.0.0.1/",
        "https://" + "a" * 64 + ".example.com/",
        "https://" + "a." * 130 + "com/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0x7f.0.0.0x1/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://256.0.0.1/",
        "https://1.2.3.4.5/",
        "https://[::1/",
        "https://[]/",
        "https://[::1%25lo]/",
        "https://[::12345]/",
    ],
)
async def test_a_uri_of_another_form_is_refused(uri: str) -> None:
    async with _egress(EgressConfig(), Names(hooks_example_com=[[_PUBLIC]])) as egress:
        with pytest.raises(InvalidRequest) as refused:
            await egress.check(uri, "endpoint.uri")
    assert refused.value.reason is Reason.URI_NOT_ALLOWED
    assert refused.value.field == "endpoint.uri"
    assert refused.value.message.startswith("endpoint.uri ")
    assert "pw" not in refused.value.message


_PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:7f00:1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:5db8:d822::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
_ROUTABLE = [_PUBLIC, "8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


def _url(address: str) -> str:
    return f"https://[{address}]/" if ":" in address else f"https://{address}/"


@pytest.mark.parametrize("address", _PRIVATE)
async def test_a_private_address_is_refused_in_numbers_and_behind_a_name(address: str) -> None:
    names = Names(one_example_com=[[address]], mixed_example_com=[[_PUBLIC, address]])
    async with _egress(EgressConfig(), names) as egress:
        for uri in (
            _url(address),
            "https://one.example.com/",
            "https://one.example.com./",
            "https://mixed.example.com/",
        ):
            with pytest.raises(InvalidRequest, match="not public") as refused:
                await egress.check(uri, "uri")
            assert refused.value.reason is Reason.URI_NOT_ALLOWED
            with pytest.raises(EgressError) as failed:
                await egress.post(uri, b"", {})
            assert failed.value.kind is EgressFault.PRIVATE_ADDRESS


@pytest.mark.parametrize("address", _ROUTABLE)
async def test_a_public_address_passes(address: str) -> None:
    async with _egress(EgressConfig(), Names(one_example_com=[[address, _PUBLIC]])) as egress:
        await egress.check(_url(address), "uri")
        await egress.check("https://one.example.com:8443/a%2Fb?c=%2B#d", "uri")
        await egress.check("HTTPS://ONE_.example.com./", "uri")


async def test_a_name_that_does_not_resolve_passes_when_it_is_saved() -> None:
    async with _egress(EgressConfig(), Names()) as egress:
        await egress.check("https://tomorrow.example.com/", "uri")


async def test_a_look_up_that_hangs_passes_when_it_is_saved() -> None:
    async def hang(_: str) -> Sequence[str]:
        await asyncio.sleep(60)
        return ()

    egress = Egress(EgressConfig(timeout_s=0.05), hang)
    await egress.check("https://slow.example.com/", "uri")
    with pytest.raises(EgressError) as failed:
        await egress.post("https://slow.example.com/", b"", {})
    assert failed.value.kind is EgressFault.TIMEOUT
    await egress.close()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost."])
async def test_the_systems_own_names_are_looked_up(host: str) -> None:
    async with _egress(EgressConfig()) as egress:
        with pytest.raises(InvalidRequest, match="resolves to an address that is not public"):
            await egress.check(f"https://{host}/", "uri")


async def test_an_allowed_network_is_an_exception_in_every_notation() -> None:
    names = Names(on_premises=[["::ffff:10.1.2.3"]])
    async with _egress(EgressConfig(allowed_networks=("10.1.0.0/16", "fd00::/8")), names) as egress:
        for uri in ("https://10.1.2.3/", "https://[::ffff:a01:203]/", "https://[fd00::1]/", "https://on.premises/"):
            await egress.check(uri, "uri")
        with pytest.raises(InvalidRequest):
            await egress.check("https://10.2.0.1/", "uri")


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("allowed_networks", {"allowed_networks": ("10.0.0.1/8",)}),
        ("timeout_s", {"timeout_s": 0.0}),
        ("max_redirects", {"max_redirects": -1}),
    ],
)
def test_a_bad_setting_is_named(setting: str, values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=setting):
        EgressConfig(**values)  # type: ignore[arg-type]


# Connections


async def test_a_post_arrives_as_it_was_sent() -> None:
    async with _site(_says(202, b"thanks")) as site, _egress() as egress:
        answer = await egress.post(site.at("/hooks?x=%2B%2F"), b'{"a": 1}', {"webhook-id": "1", "content-type": "a/b"})
    (line, headers, body), *others = site.requests
    assert (answer.status, line, body, others) == (202, "POST /hooks?x=%2B%2F", b'{"a": 1}', [])
    assert headers["webhook-id"] == "1"
    assert headers["content-type"] == "a/b"


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    names = Names(hooks_example_com=[["127.0.0.1"], [_OTHER_LOOPBACK]])
    async with _site(_says(200)) as site, _egress(names=names) as egress:
        await egress.post(site.at(host="hooks.example.com"), b"", {})
        assert names.asked == ["hooks.example.com"]
        assert site.requests[0][1]["Host"] == f"hooks.example.com:{site.port}"


async def test_a_name_that_turns_private_after_its_check_is_not_connected_to() -> None:
    names = Names(hooks_example_com=[[_PUBLIC], [_OTHER_LOOPBACK]])
    async with _site(_says(200), host=_OTHER_LOOPBACK) as site, _egress(names=names) as egress:
        uri = site.at(host="hooks.example.com")
        await egress.check(uri, "uri")
        with pytest.raises(EgressError) as failed:
            await egress.post(uri, b"", {})
        assert failed.value.kind is EgressFault.PRIVATE_ADDRESS
        assert site.requests == []


async def test_every_request_looks_the_name_up_again() -> None:
    names = Names(hooks_example_com=[["127.0.0.1"], [_OTHER_LOOPBACK]])
    async with _site(_says(200)) as site, _egress(names=names) as egress:
        await egress.post(site.at(host="hooks.example.com"), b"", {})
        with pytest.raises(EgressError) as failed:
            await egress.post(site.at(host="hooks.example.com"), b"", {})
        assert failed.value.kind is EgressFault.PRIVATE_ADDRESS


async def test_http_is_not_posted_to_once_it_is_not_allowed() -> None:
    async with _site(_says(200)) as site, _egress(EgressConfig(allowed_networks=("127.0.0.1/32",))) as egress:
        with pytest.raises(EgressError) as failed:
            await egress.post(site.at(), b"", {})
        assert failed.value.kind is EgressFault.URI_NOT_ALLOWED
        assert site.requests == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_post_follows_no_redirect(status: int) -> None:
    async with _site(_says(200)) as other, _site(_says(status, Location=other.at())) as site, _egress() as egress:
        assert (await egress.post(site.at(), b"", {})).status == status
        assert other.requests == []


async def test_an_endless_answer_to_a_post_is_cut_off() -> None:
    async with _site(_streams(b"x" * 4096, endless=True)) as site, _egress() as egress:
        assert (await egress.post(site.at(), b"", {})).status == 200


async def test_an_answer_that_stops_after_its_status_counts() -> None:
    async with _site(_streams(b"x", pause_s=60)) as site, _egress(_HASTY) as egress:
        assert (await egress.post(site.at(), b"", {})).status == 200


async def test_a_post_that_gets_no_answer_times_out() -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async with _site(hang) as site, _egress(_HASTY) as egress:
        with pytest.raises(EgressError) as failed:
            await egress.post(site.at(), b"", {})
    assert failed.value.kind is EgressFault.TIMEOUT


async def test_a_refused_connection_is_called_so() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening
        port = unused.getsockname()[1]
        async with _egress(names=Names(hooks_example_com=[["127.0.0.1", "::ffff:127.0.0.1"]])) as egress:
            for host in ("127.0.0.1", "hooks.example.com"):
                with pytest.raises(EgressError) as failed:
                    await egress.post(f"http://{host}:{port}/", b"", {})
                assert failed.value.kind is EgressFault.CONNECTION_REFUSED


async def test_a_name_that_nobody_has_is_called_so() -> None:
    async with _egress(names=Names()) as egress:
        with pytest.raises(EgressError) as failed:
            await egress.post("http://nobody.example.com/", b"", {})
    assert failed.value.kind is EgressFault.DNS


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000])
async def test_what_speaks_no_http_is_a_broken_connection(answer: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server, _egress() as egress:
        with pytest.raises(EgressError) as failed:
            await egress.post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", b"", {})
    assert failed.value.kind is EgressFault.CONNECTION


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with _site(_says(200)) as proxy, _site(_says(200)) as site, _egress() as egress:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.at())
        await egress.post(site.at(), b"", {})
        assert (len(proxy.requests), len(site.requests)) == (0, 1)


async def test_cookies_are_not_kept() -> None:
    async with _site(_says(200, Set_Cookie="a=b")) as site, _egress(names=Names(a_example=[["127.0.0.1"]])) as egress:
        for _ in range(2):
            await egress.post(site.at(host="a.example"), b"", {})
        assert all("Cookie" not in headers for _, headers, _ in site.requests)


# TLS


class Authority:
    """A certificate authority, and servers' contexts with its certificates."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Authority")])
        self.file = folder / "authority.pem"
        certificate = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(True, 0), critical=True)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        signed = certificate.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def server(self, *names: str, days: int = 1) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Server")])
        alternative = x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
        )
        certificate = self._builder(subject, key, days).add_extension(alternative, critical=False)
        signed = certificate.sign(self._key, hashes.SHA256())
        file = self._folder / "server.pem"
        file.write_bytes(
            signed.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int = 1) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=3))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


_STRICT = EgressConfig(allowed_networks=("127.0.0.1/32",))


async def test_a_certificate_must_be_of_the_host_that_was_named(trusted: Authority) -> None:
    names = Names(hooks_example_com=[["127.0.0.1"]], other_example_com=[["127.0.0.1"]])
    tls = trusted.server("hooks.example.com")
    async with _site(_says(200), tls=tls) as site, _egress(_STRICT, names) as egress:
        for host in ("hooks.example.com", "hooks.example.com."):
            assert (await egress.post(site.at(host=host, scheme="https"), b"", {})).status == 200
        for host in ("other.example.com", "127.0.0.1"):
            with pytest.raises(EgressError) as failed:
                await egress.post(site.at(host=host, scheme="https"), b"", {})
            assert failed.value.kind is EgressFault.TLS
        assert len(site.requests) == 2


async def test_a_certificate_of_an_address_is_checked_too(trusted: Authority) -> None:
    async with _site(_says(200), tls=trusted.server("127.0.0.1")) as site, _egress(_STRICT) as egress:
        assert (await egress.post(site.at(scheme="https"), b"", {})).status == 200


async def test_a_certificate_of_an_unknown_authority_is_refused(authority: Authority) -> None:
    async with _site(_says(200), tls=authority.server("127.0.0.1")) as site, _egress(_STRICT) as egress:
        with pytest.raises(EgressError) as failed:
            await egress.post(site.at(scheme="https"), b"", {})
        assert failed.value.kind is EgressFault.TLS
        with pytest.raises(InvalidRequest, match="certificate") as refused:
            await _download(egress, site.at(scheme="https"), [f"127.0.0.1:{site.port}"])
        assert refused.value.reason is Reason.MEDIA_FETCH_FAILED


async def test_an_expired_certificate_is_refused(trusted: Authority) -> None:
    async with _site(_says(200), tls=trusted.server("127.0.0.1", days=-1)) as site, _egress(_STRICT) as egress:
        with pytest.raises(EgressError) as failed:
            await egress.post(site.at(scheme="https"), b"", {})
    assert failed.value.kind is EgressFault.TLS


# Downloads


@pytest.mark.parametrize("handler", [_says(200, _MEDIA), _streams(_MEDIA[:1000], _MEDIA[1000:])])
async def test_media_arrive_whole(handler: Handler, tmp_path: Path) -> None:
    async with _site(handler) as site, _egress() as egress:
        with (tmp_path / "media").open("wb") as file:
            got = await egress.download(
                site.at("/a%2Fb?sig=%2B%3D"),
                file,
                hosts=[f"127.0.0.1:{site.port}"],
                max_bytes=len(_MEDIA),
                timeout_s=10,
            )
    assert (tmp_path / "media").read_bytes() == _MEDIA
    assert got == Downloaded(len(_MEDIA), hashlib.sha256(_MEDIA).hexdigest())
    line, headers, _ = site.requests[0]
    assert line == "GET /a%2Fb?sig=%2B%3D"
    assert headers["Accept-Encoding"] == "identity"


_LOCAL = {"media_example_com": [["127.0.0.1"]], "a_b_example_com": [["127.0.0.1"]], "example_com": [["127.0.0.1"]]}


@pytest.mark.parametrize(
    ("pattern", "host", "fits"),
    [
        ("media.example.com:{port}", "media.example.com", True),
        ("Media.Example.Com:{port}", "MEDIA.example.com.", True),
        ("media.example.com", "media.example.com", False),  # another port than the scheme's
        ("media.example.com:443", "media.example.com", False),
        ("*.example.com:{port}", "a.b.example.com", True),
        ("*.example.com:{port}", "example.com", False),
        ("*.media.example.com:{port}", "media.example.com", False),
        ("example.com:{port}", "media.example.com", False),
        ("a.example.com:{port}", "media.example.com", False),
        ("127.0.0.1:{port}", "127.0.0.1", True),
    ],
)
async def test_media_come_from_the_tenants_hosts_only(pattern: str, host: str, fits: bool) -> None:
    async with _site(_says(200, b"x")) as site, _egress(names=Names(**_LOCAL)) as egress:
        hosts = ["elsewhere.example.com", pattern.format(port=site.port)]
        if fits:
            assert (await _download(egress, site.at(host=host), hosts)).size_bytes == 1
            return
        with pytest.raises(InvalidRequest) as refused:
            await _download(egress, site.at(host=host), hosts)
        assert refused.value.reason is Reason.URI_NOT_ALLOWED
        assert site.requests == []


async def test_a_host_without_a_port_stands_for_the_schemes_own() -> None:
    names = Names(media_example_com=[[_OTHER_LOOPBACK]])
    async with _egress(names=names) as egress:
        for uri in ("https://media.example.com/", "https://media.example.com:443/", "http://media.example.com/"):
            with pytest.raises(InvalidRequest, match="resolves to"):  # past the check of the host
                await _download(egress, uri, ["media.example.com"])


async def test_without_hosts_nothing_is_fetched() -> None:
    async with _site(_says(200)) as site, _egress() as egress:
        with pytest.raises(InvalidRequest) as refused:
            await _download(egress, site.at(), [])
        assert refused.value.reason is Reason.URI_NOT_ALLOWED
        assert site.requests == []


def _redirects(*locations: str, status: int = 302) -> Handler:
    """`/0` leads to the first and so on; any other path holds media."""

    async def handler(request: web.Request) -> web.StreamResponse:
        step = request.raw_path.strip("/")
        if step.isdigit() and int(step) < len(locations):
            return web.Response(status=status, headers={"Location": locations[int(step)]})
        return web.Response(body=b"media of " + request.raw_path.encode())

    return handler


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_relative_ones_too(status: int) -> None:
    into = io.BytesIO()
    async with _site(_redirects("/1", "2?x=1#y", "deep/../end?sig=%2B", status=status)) as site, _egress() as egress:
        await _download(egress, site.at("/0"), [f"127.0.0.1:{site.port}"], into)
    assert [line for line, _, _ in site.requests] == ["GET /0", "GET /1", "GET /2?x=1"]
    assert into.getvalue() == b"media of /2?x=1"


async def test_a_redirect_too_many_is_refused() -> None:
    locations = [f"/{step}" for step in range(1, 5)]
    async with _site(_redirects(*locations)) as site, _egress() as egress:
        hosts = [f"127.0.0.1:{site.port}"]
        assert (await _download(egress, site.at("/1"), hosts)).size_bytes > 0
        site.requests.clear()
        with pytest.raises(InvalidRequest) as refused:
            await _download(egress, site.at("/0"), hosts)
        assert refused.value.reason is Reason.MEDIA_FETCH_FAILED
        assert len(site.requests) == 4


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://2130706434:{port}/",
        "http://private.example.com:{port}/",
        "//private.example.com:{port}/",
        "http://other.example.org:{port}/",
        "http://media.example.com@private.example.com:{port}/",
        "http://user:pw@media.example.com:{port}/",
        "ftp://media.example.com:{port}/",
        "file:///etc/passwd",
        "http://media.example.com\\@127.0.0.2:{port}/",
        "http://media.example.com:1/",
    ],
)
async def test_a_redirect_is_checked_like_the_first_uri(location: str) -> None:
    names = Names(
        media_example_com=[["127.0.0.1"]], private_example_com=[[_OTHER_LOOPBACK]], other_example_org=[["127.0.0.1"]]
    )
    async with (
        _site(_says(200), host=_OTHER_LOOPBACK) as private,
        _site(_redirects(location.format(port=private.port))) as site,
        _egress(names=names) as egress,
    ):
        hosts = [f"*.example.com:{port}" for port in (site.port, private.port)]
        hosts += [f"127.0.0.2:{private.port}", f"2130706434:{private.port}"]
        with pytest.raises(InvalidRequest) as refused:
            await _download(egress, site.at("/0", host="media.example.com"), hosts)
        assert refused.value.reason is Reason.URI_NOT_ALLOWED
        assert refused.value.field == "media_uri"
        assert private.requests == []
        assert len(site.requests) == 1


async def test_a_name_that_turns_private_between_redirects_is_not_connected_to() -> None:
    names = Names(media_example_com=[["127.0.0.1"], [_OTHER_LOOPBACK]])
    async with _site(_redirects("/1")) as site, _site(_says(200), host=_OTHER_LOOPBACK, port=site.port) as private:
        async with _egress(names=names) as egress:
            with pytest.raises(InvalidRequest, match="resolves to") as refused:
                await _download(egress, site.at("/0", host="media.example.com"), [f"media.example.com:{site.port}"])
        assert refused.value.reason is Reason.URI_NOT_ALLOWED
        assert private.requests == []


async def test_media_larger_than_the_limit_are_not_begun() -> None:
    into = io.BytesIO()
    async with _site(_says(200, b"x" * 1001)) as site, _egress() as egress:
        with pytest.raises(InvalidRequest) as refused:
            await _download(egress, site.at(), [f"127.0.0.1:{site.port}"], into, max_bytes=1000)
    assert refused.value.reason is Reason.MEDIA_TOO_LARGE
    assert refused.value.metadata == {"limit": "1000", "actual": "1001"}
    assert into.getvalue() == b""


async def test_media_of_unknown_size_are_cut_off_at_the_limit() -> None:
    into = io.BytesIO()
    async with _site(_streams(b"x" * 4096, endless=True)) as site, _egress() as egress:
        with pytest.raises(InvalidRequest) as refused:
            await _download(egress, site.at(), [f"127.0.0.1:{site.port}"], into, max_bytes=100_000)
    assert refused.value.reason is Reason.MEDIA_TOO_LARGE
    assert refused.value.metadata == {"limit": "100000"}
    assert len(into.getvalue()) <= 100_000


async def test_media_that_drip_are_given_up() -> None:
    async with _site(_streams(b"x", pause_s=0.01, endless=True)) as site, _egress() as egress:
        with pytest.raises(StoreUnavailable, match="timeout") as failed:
            await _download(egress, site.at(), [f"127.0.0.1:{site.port}"], timeout_s=0.2)
    assert failed.value.reason is Reason.MEDIA_FETCH_FAILED
    assert failed.value.retry_after_s


async def test_media_that_fall_silent_are_given_up_before_the_time_is_over() -> None:
    async with _site(_streams(b"x", pause_s=60)) as site, _egress(_HASTY) as egress, asyncio.timeout(30):
        with pytest.raises(StoreUnavailable, match="timeout"):
            await _download(egress, site.at(), [f"127.0.0.1:{site.port}"], timeout_s=60)


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "GZIP"])
async def test_compressed_media_are_refused(encoding: str) -> None:
    async with _site(_says(200, b"x", Content_Encoding=encoding)) as site, _egress() as egress:
        with pytest.raises(InvalidRequest, match="compresses") as refused:
            await _download(egress, site.at(), [f"127.0.0.1:{site.port}"])
    assert refused.value.reason is Reason.MEDIA_FETCH_FAILED


@pytest.mark.parametrize("status", [201, 204, 206, 304, 400, 401, 403, 404, 410, 451])
async def test_a_status_that_will_not_change_is_the_callers(status: int) -> None:
    async with _site(_says(status)) as site, _egress() as egress:
        with pytest.raises(InvalidRequest) as refused:
            await _download(egress, site.at(), [f"127.0.0.1:{site.port}"])
    assert refused.value.reason is Reason.MEDIA_FETCH_FAILED
    assert refused.value.metadata == {"status": str(status)}


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_status_that_may_change_is_worth_another_attempt(status: int) -> None:
    async with _site(_says(status)) as site, _egress() as egress:
        with pytest.raises(StoreUnavailable) as failed:
            await _download(egress, site.at(), [f"127.0.0.1:{site.port}"])
    assert failed.value.reason is Reason.MEDIA_FETCH_FAILED
    assert failed.value.retry_after_s


async def test_a_redirect_to_nowhere_is_refused() -> None:
    async with _site(_says(302)) as site, _egress() as egress:
        with pytest.raises(InvalidRequest, match="nowhere"):
            await _download(egress, site.at(), [f"127.0.0.1:{site.port}"])


async def test_a_host_that_cannot_be_reached_is_worth_another_attempt() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with _egress(names=Names()) as egress:
            for host, fault in (("127.0.0.1", "connection refused"), ("nobody.example.com", "dns")):
                with pytest.raises(StoreUnavailable, match=fault) as failed:
                    await _download(egress, f"http://{host}:{port}/", [f"{host}:{port}"])
                assert failed.value.reason is Reason.MEDIA_FETCH_FAILED


async def test_media_that_break_off_are_worth_another_attempt() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nxxx")
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server, _egress() as egress:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(StoreUnavailable, match="connection"):
            await _download(egress, f"http://127.0.0.1:{port}/", [f"127.0.0.1:{port}"])


async def test_a_full_disk_is_not_the_hosts_fault() -> None:
    full = await asyncio.to_thread(Path("/dev/full").open, "wb", buffering=0)
    async with _site(_says(200, _MEDIA)) as site, _egress() as egress:
        with full, pytest.raises(OSError, match="No space left"):
            await egress.download(site.at(), full, hosts=[f"127.0.0.1:{site.port}"], max_bytes=10_000_000, timeout_s=10)


async def test_no_error_shows_what_a_signed_uri_holds() -> None:
    async with _site(_says(404)) as site, _egress() as egress:
        for path, hosts in (
            ("/a?sig=secret", [f"127.0.0.1:{site.port}"]),
            ("/a?sig=secret", []),
            ("/a b?sig=secret", []),
        ):
            with pytest.raises(InvalidRequest) as refused:
                await _download(egress, site.at(path), hosts)
            assert "secret" not in f"{refused.value.message}{refused.value.metadata}"
