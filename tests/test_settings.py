"""Settings that are more than a value: how they are written, and what is refused."""

import pytest
from pydantic import ValidationError

from settings import Settings

REQUIRED = {
    "KUNDRESA_DATABASE_URL": "postgresql://127.0.0.1/shop",
    "KUNDRESA_WRITE_KEYS": "write-key",
    "KUNDRESA_ADMIN_KEY": "admin-key-long",
    "KUNDRESA_SECRET": "s" * 16,
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("written", "staff"),
    [
        ("", {}),
        ("sales=sales@shop.example", {"sales": "sales@shop.example"}),
        (" sales = a@shop.example , care=b@shop.example,", {"sales": "a@shop.example", "care": "b@shop.example"}),
    ],
)
def test_staff_are_named_with_their_addresses(
    monkeypatch: pytest.MonkeyPatch, written: str, staff: dict[str, str]
) -> None:
    monkeypatch.setenv("KUNDRESA_STAFF", written)
    assert Settings().staff == staff


@pytest.mark.parametrize("written", ["sales", "sales=", "=sales@shop.example", "sales=nowhere"])
def test_staff_without_a_name_or_an_address_are_refused(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("KUNDRESA_STAFF", written)
    with pytest.raises(ValidationError, match="write each as name=address"):
        Settings()


@pytest.mark.parametrize("variable", ["KUNDRESA_WEBHOOK_SECRET", "KUNDRESA_FEEDBACK_STANDARD_SECRET"])
def test_a_signing_secret_that_is_no_base64_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "whsec_MDEyMzQ1Njc4OWFiY2RlZg==")
    Settings()
    monkeypatch.setenv(variable, "whsec_%%%")
    with pytest.raises(ValidationError, match="write whsec_ and Base64 behind it"):
        Settings()
