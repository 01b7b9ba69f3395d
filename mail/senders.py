"""Those in whose names mails are sent, one a brand: read from a TOML file that lies beside their private keys.

SendersUnusable     the file cannot be used; its text names the file and every place in it, and quotes no value
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from mail.address import AddressUnusable, Mailbox, ascii_domain, travelling
from mail.connection import RelayAddress
from mail.dkim import Key, KeyUnusable
from rules.definition import Slug

DEFAULT = "default"
"""The sender of journeys that name none. What its table in the file leaves out, the settings tell."""


class SendersUnusable(ValueError):
    """The file of senders cannot be used; the text says where and why."""


@dataclass(frozen=True)
class Sender:
    """A brand: what its letters show, who vouches for its mail, where its bounces go, and which relay takes it.

    `mailbox` is From, as `Name <address>`. Without keys mails are not signed here, without a bounce domain bounces go
    to From, without a feedback id (Google's SenderId) mails bear no Feedback-ID.
    """

    mailbox: str
    reply_to: str
    shop_name: str
    shop_url: str
    postal_address: str
    smtp_url: str = field(default="", repr=False)
    name: str = DEFAULT
    bounce_domain: str | None = None
    feedback_id: str | None = None
    keys: tuple[Key, ...] = field(default=(), repr=False)

    @property
    def address(self) -> str:
        """The address of From, its domain as A-labels."""
        return Mailbox.parse(self.mailbox).address

    @property
    def domain(self) -> str:
        """The domain of From, as A-labels."""
        return self.address.rpartition("@")[2]


def _mailbox(text: str) -> str:
    Mailbox.parse(text)
    return text


def _relay(url: SecretStr) -> SecretStr:
    RelayAddress.parse(url.get_secret_value())
    return url


_Domain = Annotated[str, AfterValidator(ascii_domain)]
_Line = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _KeyTable(_Strict):
    """A private key: the domain that signs, the selector, and the PEM file, beside the file of senders."""

    domain: _Domain
    selector: str
    file: Path


class _SenderTable(_Strict):
    """One table of the file."""

    mailbox: Annotated[str, AfterValidator(_mailbox)] = Field(alias="from")
    reply_to: Annotated[str, AfterValidator(travelling)]
    shop_name: _Line
    shop_url: Annotated[str, Field(pattern=r"^https?://\S+$")]
    postal_address: _Line
    smtp_url: Annotated[SecretStr, AfterValidator(_relay)]
    bounce_domain: _Domain | None = None
    feedback_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{5,15}$")] | None = None
    keys: tuple[_KeyTable, ...] = ()


_TABLES = TypeAdapter(dict[Slug, _SenderTable])


def read_senders(path: Path, default: Sender) -> tuple[Sender, ...]:
    """Every sender of the file with its keys, the default one first. Raises SendersUnusable with all that is wrong."""
    tables = {DEFAULT: {}, **_tables(path)}
    try:
        written = _TABLES.validate_python({name: _completed(name, table, default) for name, table in tables.items()})
    except ValidationError as error:
        raise SendersUnusable(
            "\n".join(f"{path}: {_place(one['loc'])}: {one['msg']}" for one in error.errors())
        ) from None
    mistakes: list[str] = []
    senders = tuple(_sender(path, name, table, mistakes) for name, table in written.items())
    mistakes += _twice(senders)
    if mistakes:
        raise SendersUnusable("\n".join(f"{path}: {mistake}" for mistake in mistakes))
    return senders


def sender_names(path: Path | None) -> frozenset[str]:
    """The names that journeys may give their sender; keys are not looked at. Raises SendersUnusable."""
    return frozenset({DEFAULT, *(_tables(path) if path is not None else ())})


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SendersUnusable(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # of TOML, or of UTF-8
        raise SendersUnusable(f"{path}: is not TOML: {error}") from None


def _completed(name: str, table: Any, default: Sender) -> Any:
    """What a table says, with what it may leave out: the relay; and of the default sender, all that settings tell."""
    if not isinstance(table, Mapping):
        return table
    told = {"smtp_url": default.smtp_url}
    if name == DEFAULT:
        told |= {each: getattr(default, each) for each in ("reply_to", "shop_name", "shop_url", "postal_address")}
        told["from"] = default.mailbox
    return {**told, **table}


def _sender(path: Path, name: str, table: _SenderTable, mistakes: list[str]) -> Sender:
    keys: list[Key] = []
    for number, told in enumerate(table.keys, start=1):
        place = f"{name} > keys > #{number}"
        try:
            keys.append(Key.read(told.domain, told.selector, (path.parent / told.file).read_bytes()))
        except OSError as error:
            mistakes.append(f"{place} > file: {told.file} cannot be read: {error.strerror}")
        except (KeyUnusable, AddressUnusable) as error:
            mistakes.append(f"{place}: {told.file}: {error}")
    given = {each: getattr(table, each) for each in ("mailbox", "reply_to", "shop_name", "shop_url", "postal_address")}
    return Sender(
        **given,
        smtp_url=table.smtp_url.get_secret_value(),
        name=name,
        bounce_domain=table.bounce_domain,
        feedback_id=table.feedback_id,
        keys=tuple(keys),
    )


def _twice(senders: tuple[Sender, ...]) -> Iterator[str]:
    """Two different keys under one selector of one domain: only one of them can be published."""
    seen: dict[tuple[str, str], str] = {}
    for key in (key for sender in senders for key in sender.keys):
        if seen.setdefault((key.domain, key.selector), key.record()) != key.record():
            yield f"two keys have the selector {key.selector} of {key.domain}"


def _place(loc: tuple[int | str, ...]) -> str:
    """A place in the file as people count."""
    return " > ".join(
        f"#{part + 1}" if isinstance(part, int) else re.sub(r"^\[key\]$", "the name", part) for part in loc
    )
