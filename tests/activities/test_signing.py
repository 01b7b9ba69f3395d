"""The signature of the Standard Webhooks scheme."""

import base64
from datetime import UTC, datetime

import pytest

from activities.signing import message_id, secret_of, signed

AT = datetime.fromtimestamp(1_614_265_330, UTC)


def test_the_example_of_the_scheme_is_signed_as_there(monkeypatch: pytest.MonkeyPatch) -> None:
    # github.com/standard-webhooks/standard-webhooks, the test vector of its libraries.
    monkeypatch.setattr("activities.signing.message_id", lambda _: "msg_p5jXN8AQM9LWM0D4loKWxJek")
    secret = secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert signed("a key", AT, b'{"test": 2432232314}', secret) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_an_id_is_the_same_for_the_same_key_and_tells_nothing_of_it() -> None:
    assert message_id("a/b/1") == message_id("a/b/1") != message_id("a/b/2")
    assert "a/b/1" not in message_id("a/b/1")
    assert "." not in message_id("a/b/1")


def test_a_secret_is_base64_behind_its_prefix_or_plain_text() -> None:
    assert secret_of("whsec_" + base64.b64encode(b"key").decode()) == b"key"
    assert secret_of("plain text") == b"plain text"
    with pytest.raises(ValueError, match="not Base64 behind"):
        secret_of("whsec_%%%")
