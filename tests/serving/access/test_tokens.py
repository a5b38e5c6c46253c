"""Signed tokens: accepted once, for this server, from an issuer and by a key that were written down, for minutes."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from myeloma import ConfigError
from serving.access import tokens as module
from serving.access.tokens import RefusedTokenError, read_tokens

ISSUER, HERE = "https://ehr.example.org", "https://risk.example.org"
PATH = "/cds-services/smm"
SIGNER, OTHER = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())
RSA = rsa.generate_private_key(65537, 2048)


def jwk(key, **more):
    kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**json.loads(kind.to_jwk(key)), **more}


def settings(folder, *, issuer=None, **more):
    """Write the settings of one issuer with two keys; return their path."""
    keys = [jwk(SIGNER.public_key(), kid="k1"), jwk(RSA.public_key(), kid="k2")]
    (folder / "ehr.json").write_text(json.dumps({"keys": keys}))
    path = folder / "issuers.yaml"
    path.write_text(json.dumps({"audience": HERE, "issuers": [{"iss": ISSUER, "jwks": "ehr.json", **(issuer or {})}], **more}))
    return path


@pytest.fixture
def tokens(tmp_path):
    return read_tokens(settings(tmp_path))


def claims(**change):
    now = int(time.time())
    said = {"iss": ISSUER, "aud": f"{HERE}{PATH}", "iat": now, "exp": now + 300, "jti": "one"} | change
    return {name: now + int(value[3:]) if str(value).startswith("now") else value for name, value in said.items() if value is not None}


def signed(said, key=SIGNER, algorithm="ES384", **header):
    return jwt.PyJWS().encode(json.dumps(said).encode(), key, algorithm, {"kid": "k1", **header})  # also what a library would not write


def refused(tokens, token, path=PATH):
    with pytest.raises(RefusedTokenError) as error:
        tokens.holder(token, path)
    return error.value.code


@pytest.mark.parametrize("audience", [HERE, f"{HERE}/", f"{HERE}{PATH}", ["https://elsewhere", HERE]])
def test_a_token_for_this_server_is_accepted(tokens, audience):
    assert tokens.holder(signed(claims(aud=audience)), PATH) == ISSUER


@pytest.mark.parametrize("algorithm", ["RS256", "RS384"])
def test_the_key_is_found_by_its_id_and_may_serve_several_algorithms(tokens, algorithm):
    assert tokens.holder(signed(claims(), RSA, algorithm, kid="k2"), PATH) == ISSUER


def test_a_token_is_accepted_once(tokens):
    token = signed(claims())
    tokens.holder(token, PATH)
    assert refused(tokens, token) == "used_before"
    assert refused(tokens, signed(claims(exp=int(time.time()) + 200))) == "used_before", "another token of the same id"
    assert tokens.holder(signed(claims(jti="two")), PATH) == ISSUER


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"iss": "https://evil.example.org"}, "unknown_issuer"),
        ({"iss": None}, "unknown_issuer"),
        ({"iss": [ISSUER]}, "unknown_issuer"),
        ({"aud": "https://elsewhere.example.org"}, "InvalidAudienceError"),
        ({"aud": f"{HERE}/v1/risk"}, "InvalidAudienceError"),
        ({"aud": None}, "MissingRequiredClaimError"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"iat": None}, "MissingRequiredClaimError"),
        ({"jti": None}, "MissingRequiredClaimError"),
        ({"jti": ""}, "jti"),
        ({"exp": "now-60", "iat": "now-200"}, "expired"),
        ({"exp": "now+86400"}, "lives_too_long"),
        ({"iat": "now+120", "exp": "now+130"}, "not_yet"),
        ({"nbf": "now+120"}, "not_yet"),
        ({"iat": "now-200", "exp": "now+50"}, "before_start"),
        ({"exp": float("nan")}, "time"),
        ({"exp": float("inf")}, "time"),
        ({"exp": 10**400}, "malformed (OverflowError)"),
        ({"exp": "soon"}, "time"),
        ({"exp": True}, "time"),
    ],
)
def test_a_claim_that_is_not_as_it_should_be_is_refused(tokens, change, code):
    assert refused(tokens, signed(claims(**change))) == code


def test_the_signature_is_that_of_the_named_key(tokens):
    assert refused(tokens, signed(claims(), OTHER)) == "InvalidSignatureError"
    assert refused(tokens, signed(claims(), kid="k9")) == "unknown_key"
    assert refused(tokens, jwt.encode(claims(), SIGNER, "ES384")) == "unknown_key"
    head, _, signature = signed(claims()).split(".")
    other = base64.urlsafe_b64encode(json.dumps(claims(sub="other")).encode()).decode().rstrip("=")
    assert refused(tokens, f"{head}.{other}.{signature}") == "InvalidSignatureError"


def test_no_algorithm_but_those_named_is_accepted(tokens, tmp_path):
    assert refused(tokens, jwt.encode(claims(), None, "none", {"kid": "k1"})) == "InvalidAlgorithmError"
    public = SIGNER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (public, (tmp_path / "ehr.json").read_bytes()):
        forged = hmac_signed(claims(), secret)
        assert refused(tokens, forged) == "InvalidAlgorithmError"
    assert refused(tokens, signed(claims(), RSA, "PS256", kid="k2")) == "InvalidAlgorithmError"


def hmac_signed(said, secret):
    """Sign with a public key as if it were a shared secret: what the library itself refuses to do."""
    import hashlib
    import hmac

    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256", "kid": "k1"}, said)]
    signature = hmac.new(secret, b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_a_key_is_used_with_the_algorithm_that_its_set_names(tmp_path):
    path = settings(tmp_path)
    (tmp_path / "ehr.json").write_text(json.dumps({"keys": [jwk(RSA.public_key(), kid="k2", alg="RS384")]}))
    tokens = read_tokens(path)
    assert refused(tokens, signed(claims(), RSA, "RS256", kid="k2")) == "InvalidAlgorithmError"
    assert tokens.holder(signed(claims(), RSA, "RS384", kid="k2"), PATH) == ISSUER


@pytest.mark.parametrize("jku", ["https://evil.example.org/keys", "http://169.254.169.254/", None, [1]])
def test_a_key_set_elsewhere_is_never_followed(tokens, jku, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *given: pytest.fail("somebody was called"))
    assert refused(tokens, signed(claims(), jku=jku)) == "unknown_jku"


def test_the_address_of_the_key_set_may_stand_in_a_token_where_it_is_written_down(tmp_path):
    tokens = read_tokens(settings(tmp_path, issuer={"jku": f"{ISSUER}/jwks"}))
    assert tokens.holder(signed(claims(), jku=f"{ISSUER}/jwks"), PATH) == ISSUER
    assert refused(tokens, signed(claims(), jku=f"{ISSUER}/jwks/../x")) == "unknown_jku"


@pytest.mark.parametrize("header", [{"jwk": jwk(OTHER.public_key())}, {"x5u": "https://evil"}, {"x5c": ["x"]}, {"crit": ["x"], "x": 1}])
def test_a_token_brings_no_keys_and_no_rules_of_its_own(tokens, header):
    key = OTHER if "jwk" in header else SIGNER
    assert refused(tokens, signed(claims(), key, **header)) in ("header", "InvalidTokenError")


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "ä.ö.ü", "e30.e30.", "x" * 9000, "\x00", "[" * 5000 + ".e30.e30"])
def test_what_is_no_token_is_refused_and_nothing_breaks(tokens, token):
    assert refused(tokens, token)


def test_no_more_tokens_are_remembered_than_fit_and_expired_ones_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_REMEMBERED", 2)
    clock = [float(int(time.time()))]
    made = read_tokens(settings(tmp_path))
    tokens = module.Tokens(made._issuers, HERE, lambda: clock[0])
    for jti in ("a", "b"):
        tokens.holder(signed(claims(jti=jti)), PATH)
    assert refused(tokens, signed(claims(jti="c"))) == "too_many_tokens"
    clock[0] += 400
    later = {"iat": int(clock[0]), "exp": int(clock[0]) + 60}
    assert tokens.holder(signed(claims(jti="c", **later)), PATH) == ISSUER
    assert len(tokens._used) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"issuers": []},
        {"audience": ""},
        {"unknown": 1},
        {"issuers": [{"iss": ISSUER, "jwks": "none.json"}]},
        {"issuers": [{"iss": ISSUER, "jwks": "ehr.json", "algorithms": ["HS256"]}]},
        {"issuers": [{"iss": ISSUER, "jwks": "ehr.json", "algorithms": ["none"]}]},
        {"issuers": [{"iss": ISSUER, "jwks": "ehr.json", "algorithms": []}]},
        {"issuers": [{"iss": ISSUER, "jwks": "ehr.json"}] * 2},
    ],
)
def test_settings_that_are_not_accepted_are_refused_at_the_start(tmp_path, change):
    with pytest.raises(ConfigError) as error:
        read_tokens(settings(tmp_path, **change))
    assert error.value.code == "issuers"


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [{"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}],
        [jwk(SIGNER, kid="k1")],
        [jwk(SIGNER.public_key())],
        [jwk(SIGNER.public_key(), kid="k1")] * 2,
        [jwk(rsa.generate_private_key(65537, 1024).public_key(), kid="k1")],
        [{"kid": "k1"}],
        "keys",
    ],
)
def test_a_key_set_holds_public_keys_with_an_id_and_nothing_else(tmp_path, keys):
    path = settings(tmp_path)
    (tmp_path / "ehr.json").write_text(json.dumps({"keys": keys}))
    with pytest.raises(ConfigError) as error:
        read_tokens(path)
    assert error.value.code == "issuers"
