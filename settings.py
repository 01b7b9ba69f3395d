"""One typed Settings, read from the environment. Only composition roots read it."""

import binascii
from base64 import b64decode
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).parent


class Settings(BaseSettings):
    """Every setting, its default and its meaning. Environment variables bear the prefix `KUNDRESA_`.

    Where Temporal is (address, namespace, TLS, API key) is told by the SDK's own environment variables
    (`TEMPORAL_ADDRESS` and its siblings), not here.
    """

    model_config = SettingsConfigDict(env_prefix="KUNDRESA_", frozen=True)

    database_url: str = Field(description="PostgreSQL, as `postgresql://user:password@host:port/database`.")
    write_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        min_length=1, description="Keys that may send events, separated by commas; two live keys make a rotation."
    )
    admin_key: SecretStr = Field(min_length=12, description="Key of the admin endpoints, sent as a bearer token.")
    secret: SecretStr = Field(min_length=16, description="Signs the links in letters. Keep it: old links depend on it.")
    public_url: str = Field(
        default="http://127.0.0.1:8400", description="Where contacts reach this API; links in letters begin with it."
    )
    temporal_ui_url: str = Field(
        default="http://127.0.0.1:8233", description="Where operators reach the Temporal UI; answers link into it."
    )
    smtp_url: str = Field(
        default="smtp://127.0.0.1:2525",
        description="The mail relay: `smtp://` (STARTTLS required off loopback) or `smtps://`, with `user:password@`.",
    )
    smtp_connections: int = Field(default=10, ge=1, description="Connections to the relay, for each worker process.")
    evidence_url: str | None = Field(
        default=None,
        description="Answers whether the relay took a message: `GET {url}?message_id=...`; unset, nobody can tell.",
    )
    evidence_after: timedelta = Field(
        default=timedelta(minutes=15),
        description="How long a message in doubt waits for evidence: longer than the relay takes to answer.",
    )
    housekeeping_every: timedelta = Field(
        default=timedelta(minutes=5),
        ge=timedelta(seconds=1),
        description="How often runs that ended from outside and letters left behind are looked for.",
    )
    decisions_kept: timedelta = Field(
        default=timedelta(days=90), ge=timedelta(days=1), description="How long it can be explained what was decided."
    )
    upkeep_every: timedelta = Field(
        default=timedelta(seconds=15),
        ge=timedelta(seconds=1),
        description="How often it is looked whose segments, stage and dates change by time alone.",
    )
    shop_name: str = Field(default="Kundresa Shop", description="The shop's name, as letters show it.")
    shop_url: str = Field(default="http://127.0.0.1:8400", description="The shop's home page, as letters link it.")
    postal_address: str = Field(
        default="Strandgatan 1, 22100 Mariehamn", description="The shop's postal address; the law wants it in letters."
    )
    sender: str = Field(default="Kundresa Shop <hello@shop.example>", description="From, of every letter.")
    reply_to: str = Field(default="help@shop.example", description="Where answers go; somebody must read them.")
    senders: Path | None = Field(
        default=None,
        description="A TOML file of senders (brands) with their DKIM keys, as docs/operations.md tells; unset: one.",
    )
    staff: Annotated[dict[str, str], NoDecode] = Field(
        default={},
        description="Who gets the letters of `notify`, by name: `sales=sales@shop.example,care=care@shop.example`.",
    )
    staff_letters_per_hour: int = Field(
        default=20, ge=1, description="The most letters that each of the staff gets of one journey in an hour."
    )
    time_zone: str = Field(default="Europe/Mariehamn", description="The shop's time zone, for contacts without one.")
    locale: str = Field(
        default="en",
        description="The language of letters to contacts without a `locale` of their own, such as `sv-FI`.",
    )
    journeys_dir: Path = Field(
        default=ROOT / "journeys",
        description="The folder of journey files; beside it are looked for `segments`, `policies` and `coupons`.",
    )
    templates_dir: Path = Field(default=ROOT / "templates", description="The folder of letters.")
    locale_dir: Path = Field(default=ROOT / "locale", description="The folder of the letters' translations.")
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="Signs what journeys send to webhooks (Standard Webhooks), as `whsec_...`; unset, none are called.",
    )
    webhook_private: bool = Field(
        default=False, description="Whether webhooks may be at private addresses; for trials on one machine only."
    )
    feedback_mail_key: SecretStr | None = Field(
        default=None,
        min_length=12,
        description="Key of the mail server that posts bounces, complaints and replies to `/v1/feedback/mail`.",
    )
    feedback_ses_topics: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="The TopicArns at Amazon SNS whose notices about SES count, separated by commas."
    )
    feedback_sendgrid_key: str | None = Field(
        default=None, description="SendGrid's verification key for its signed event webhook, as base64."
    )
    feedback_mailgun_key: SecretStr | None = Field(default=None, description="Mailgun's webhook signing key.")
    feedback_postmark_login: SecretStr | None = Field(
        default=None, min_length=12, description="`user:password` in the address at which Postmark posts its events."
    )
    feedback_standard_secret: SecretStr | None = Field(
        default=None, description="Secret of a provider that posts Standard Webhooks (Resend, others), as `whsec_...`."
    )
    letters_per_second: float = Field(
        default=100, gt=0, description="The most letters that one worker hands to the relay in a second."
    )
    cached_runs: int = Field(
        default=2000, ge=0, description="Runs that a worker keeps in memory; the others are replayed when they wake."
    )
    worker_versioning: bool = Field(
        default=False, description="Whether workers register as versions of a Temporal worker deployment."
    )
    build_id: str = Field(default="dev", description="The worker's build, as the worker deployment knows it.")
    metrics_host: str = Field(default="127.0.0.1", description="Address on which the worker's metrics are served.")
    metrics_port: int = Field(default=9464, ge=0, description="Port of the worker's metrics; 0 turns them off.")

    @field_validator("feedback_ses_topics", mode="before")
    @classmethod
    def _split_topics(cls, value: object) -> object:
        return tuple(filter(None, (each.strip() for each in value.split(",")))) if isinstance(value, str) else value

    @field_validator("webhook_secret", "feedback_standard_secret")
    @classmethod
    def _is_base64(cls, value: SecretStr | None) -> SecretStr | None:
        written = value.get_secret_value() if value is not None else ""
        if written.startswith("whsec_"):
            try:
                b64decode(written.removeprefix("whsec_"), validate=True)
            except binascii.Error:
                raise ValueError("write whsec_ and Base64 behind it, as openssl rand -base64 32 makes it") from None
        return value

    @field_validator("write_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return tuple(filter(None, (key.strip() for key in value.split(",")))) if isinstance(value, str) else value

    @field_validator("staff", mode="before")
    @classmethod
    def _split_staff(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        named = (each.partition("=") for each in value.split(",") if each.strip())
        return {name.strip(): address.strip() for name, _, address in named}

    @field_validator("staff")
    @classmethod
    def _has_addresses(cls, value: dict[str, str]) -> dict[str, str]:
        for name, address in value.items():
            if not name or "@" not in address:
                raise ValueError(f"write each as name=address, such as sales=sales@shop.example; {name!r} has none")
        return value

    @cached_property
    def accepted_keys(self) -> frozenset[str]:
        """The write keys, ready to compare."""
        return frozenset(key.get_secret_value() for key in self.write_keys)
