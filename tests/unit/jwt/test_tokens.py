"""Tokens of identity providers, signed by real keys and checked against real key sets."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from serving.adapters.jwt.issuer import Issuer
from serving.adapters.jwt.keys import IssuerKeys
from serving.adapters.jwt.tokens import IssuedTokens
from serving.domain.errors import Reason, StoreUnavailable, Unauthorized
from serving.domain.tenant import Scope

ISSUER = "https://login.example.com/"
RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
KEYS: dict[str, Any] = {"RS256": RSA_KEY, "ES256": EC_KEY, "EdDSA": ED_KEY}


def public(algorithm: str, key: Any) -> dict[str, Any]:
    """A key as an entry of a key set, named after its algorithm."""
    kinds: dict[str, Any] = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}
    return {**kinds[algorithm].to_jwk(key.public_key(), as_dict=True), "kid": algorithm}


KEY_SET = {"keys": [public(algorithm, key) for algorithm, key in KEYS.items()]}


def claims(**changes: Any) -> dict[str, Any]:
    now = time.time()
    given = {
        "iss": ISSUER,
        "aud": "viva",
        "sub": "anna",
        "exp": now + 600,
        "viva_tenant": "acme",
        "scope": "openid viva:read viva:submit viva:fly",
    }
    return {key: value for key, value in {**given, **changes}.items() if value is not None}


def token(algorithm: str = "ES256", key: Any = None, kid: str | None = None, **changes: Any) -> str:
    headers = {"kid": kid or algorithm}
    return jwt.encode(claims(**changes), key or KEYS[algorithm], algorithm=algorithm, headers=headers)


@pytest.fixture
def tokens(tmp_path: Path) -> IssuedTokens:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(KEY_SET))
    return IssuedTokens([Issuer(issuer=ISSUER, audience="viva", jwks=str(path))])


async def refused(tokens: IssuedTokens, given: str) -> Reason:
    with pytest.raises(Unauthorized) as raised:
        await tokens.verify(given)
    return raised.value.reason


@pytest.mark.parametrize("algorithm", KEYS)
async def test_a_token_speaks_for_its_tenant_with_the_scopes_that_it_has_of_ours(
    tokens: IssuedTokens, algorithm: str
) -> None:
    caller = await tokens.verify(token(algorithm))
    assert (caller.tenant, caller.scopes) == ("acme", frozenset({Scope.READ, Scope.SUBMIT}))
    assert caller.actor == f"jwt:{hashlib.sha256((ISSUER + chr(10) + 'anna').encode()).hexdigest()}"


async def test_scopes_may_be_a_list_and_audiences_too(tokens: IssuedTokens) -> None:
    caller = await tokens.verify(token(aud=["other", "viva"], scope=["viva:admin", 7]))
    assert caller.scopes == frozenset({Scope.ADMIN})
    assert (await tokens.verify(token(scope=None))).scopes == frozenset()


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example.com/"},
        {"iss": 5},
        {"aud": "other"},
        {"nbf": time.time() + 1e6},  # tests that are collected now may run much later
        {"viva_tenant": "No Tenant"},
        {"viva_tenant": None},
        {"viva_tenant": ["acme"]},
        *({claim: None} for claim in ("iss", "aud", "sub", "exp")),
    ],
)
async def test_a_token_that_is_not_for_us_or_not_valid_now_is_refused(
    tokens: IssuedTokens, changes: dict[str, Any]
) -> None:
    given = claims(**changes)
    signed = jwt.api_jws.encode(json.dumps(given).encode(), EC_KEY, "ES256", headers={"kid": "ES256"})
    assert await refused(tokens, signed) is Reason.UNAUTHENTICATED


async def test_a_minute_of_leeway_and_no_more(tokens: IssuedTokens) -> None:
    assert await tokens.verify(token(exp=time.time() - 30, nbf=time.time() + 30))
    assert await refused(tokens, token(exp=time.time() - 90)) is Reason.KEY_EXPIRED


async def test_another_key_of_the_same_id_is_refused(tokens: IssuedTokens) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    assert await refused(tokens, token(key=other)) is Reason.UNAUTHENTICATED


async def test_the_key_of_one_algorithm_does_not_serve_another(tokens: IssuedTokens) -> None:
    assert await refused(tokens, token("ES256", kid="RS256")) is Reason.UNAUTHENTICATED
    longer = jwt.encode(claims(), RSA_KEY, algorithm="RS512", headers={"kid": "RS256"})
    assert await refused(tokens, longer) is Reason.UNAUTHENTICATED


async def test_an_unsigned_token_is_refused(tokens: IssuedTokens) -> None:
    for kid in KEYS:
        unsigned = jwt.encode(claims(), "", algorithm="none", headers={"kid": kid})
        assert await refused(tokens, unsigned) is Reason.UNAUTHENTICATED


async def test_a_public_key_is_no_shared_secret(tokens: IssuedTokens, tmp_path: Path) -> None:
    """HS256 with what everybody can read, and with a symmetric key that a careless issuer publishes."""

    def signed(secret: bytes, kid: str) -> str:
        parts = [json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}), json.dumps(claims())]
        text = ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
        mac = hmac.digest(secret, text.encode(), "sha256")
        return f"{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"

    secret = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert await refused(tokens, signed(secret, "RS256")) is Reason.UNAUTHENTICATED
    shared = base64.urlsafe_b64encode(b"s" * 32).decode().rstrip("=")
    (tmp_path / "shared.json").write_text(json.dumps({"keys": [{"kty": "oct", "k": shared, "kid": "HS256"}]}))
    careless = IssuedTokens([Issuer(issuer=ISSUER, audience="viva", jwks=str(tmp_path / "shared.json"))])
    assert await refused(careless, signed(b"s" * 32, "HS256")) is Reason.UNAUTHENTICATED


@pytest.mark.parametrize(
    "given",
    ["..", "a.b.c", "e30.e30.", f"{base64.urlsafe_b64encode(b'[' * 9_000).decode()}.e30.x", f"{'a' * 20_000}.b.c"],
)
async def test_what_is_no_token_is_refused(tokens: IssuedTokens, given: str) -> None:
    assert await refused(tokens, given) is Reason.UNAUTHENTICATED


class KeyServer(http.server.HTTPServer):
    """Serves a key set; counts how often it is read."""

    key_set: dict[str, Any]
    reads = 0
    broken = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/keys"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self) -> None:
        self.server.reads += 1
        self.send_response(500 if self.server.broken else 200)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.key_set).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    with KeyServer(("127.0.0.1", 0), _Handler) as server:
        server.key_set = {"keys": KEY_SET["keys"][:1]}
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def moving() -> tuple[Callable[[], float], list[float]]:
    at = [1_000.0]
    return lambda: at[0], at


async def test_keys_are_read_once_and_for_an_unknown_id_once_a_minute(key_server: KeyServer) -> None:
    clock, at = moving()
    keys = IssuerKeys(Issuer(issuer=ISSUER, audience="viva", jwks=key_server.address), clock)
    assert await keys.find("RS256") is not None
    for _ in range(5):
        assert await keys.find("RS256") is not None
        assert await keys.find("ES256") is None
    assert key_server.reads == 1
    key_server.key_set = KEY_SET
    at[0] += 61
    assert await keys.find("ES256") is not None
    assert await keys.find("nobody's") is None
    assert key_server.reads == 2


async def test_a_withdrawn_key_is_gone_after_ten_minutes(key_server: KeyServer) -> None:
    clock, at = moving()
    keys = IssuerKeys(Issuer(issuer=ISSUER, audience="viva", jwks=key_server.address), clock)
    await keys.find("RS256")
    key_server.key_set = {"keys": KEY_SET["keys"][1:]}
    at[0] += 601
    await keys.find("RS256")  # has the keys read again
    assert await keys.find("ES256") is not None
    assert await keys.find("RS256") is None


async def test_known_keys_stay_good_while_the_issuer_is_away(key_server: KeyServer) -> None:
    clock, at = moving()
    keys = IssuerKeys(Issuer(issuer=ISSUER, audience="viva", jwks=key_server.address), clock)
    key_server.broken = True
    with pytest.raises(StoreUnavailable):
        await keys.find("RS256")
    key_server.broken = False
    at[0] += 6
    assert await keys.find("RS256") is not None
    key_server.broken = True
    at[0] += 601
    assert await keys.find("nobody's") is None
    assert await keys.find("RS256") is not None
