"""The file of senders: what it gives, what it leaves to the settings, and what is told of mistakes."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mail.senders import DEFAULT, Sender, SendersUnusable, read_senders, sender_names
from tests.mail.test_dkim import pem

EXAMPLE = Path(__file__).parents[2] / "deploy/senders/example.toml"
SHOP = Sender(
    "Skerry <hello@shop.example>",
    "help@shop.example",
    "Skerry",
    "https://shop.example",
    "Strandgatan 1",
    "smtp://relay",
)
OUTLET = """
[outlet]
from = "Skerry Outlet <hej@blåbär.example>"
reply_to = "care@blåbär.example"
shop_name = "Skerry Outlet"
shop_url = "https://outlet.example"
postal_address = "Torggatan 2"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "senders.toml"
    path.write_text(text)
    return path


@pytest.fixture(scope="session")
def edwards() -> bytes:
    return pem(ed25519.Ed25519PrivateKey.generate())


def test_a_brand_has_a_name_a_domain_and_a_relay_of_its_own(tmp_path: Path) -> None:
    relay = 'smtp_url = "smtps://user:secret@relay.example"\n'
    more = 'bounce_domain = "bounce.Blåbär.example"\nfeedback_id = "outlet"'
    default, outlet = read_senders(write(tmp_path, OUTLET + relay + more), SHOP)
    assert default == SHOP
    assert (outlet.name, outlet.shop_name, outlet.postal_address) == ("outlet", "Skerry Outlet", "Torggatan 2")
    assert (outlet.address, outlet.domain) == ("hej@xn--blbr-noae.example", "xn--blbr-noae.example")
    assert (outlet.bounce_domain, outlet.feedback_id) == ("bounce.xn--blbr-noae.example", "outlet")
    assert outlet.smtp_url == "smtps://user:secret@relay.example"
    assert "secret" not in repr(outlet)


def test_a_brand_without_a_relay_uses_the_one_of_the_settings(tmp_path: Path) -> None:
    assert read_senders(write(tmp_path, OUTLET), SHOP)[1].smtp_url == "smtp://relay"


def test_what_the_default_sender_leaves_out_the_settings_tell(tmp_path: Path) -> None:
    (default,) = read_senders(write(tmp_path, '[default]\nbounce_domain = "b.shop.example"\nshop_name = "Other"'), SHOP)
    assert (default.name, default.mailbox, default.shop_name) == (DEFAULT, SHOP.mailbox, "Other")
    assert default.bounce_domain == "b.shop.example"


def test_the_default_sender_comes_first_wherever_it_stands(tmp_path: Path) -> None:
    path = write(tmp_path, OUTLET + '[default]\nfeedback_id = "skerry"')
    assert [each.name for each in read_senders(path, SHOP)] == [DEFAULT, "outlet"]
    assert sender_names(path) == {DEFAULT, "outlet"}
    assert sender_names(None) == {DEFAULT}


def test_keys_lie_beside_the_file(tmp_path: Path, edwards: bytes) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/r.pem").write_bytes(pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    (tmp_path / "e.pem").write_bytes(edwards)
    keys = """
    [[default.keys]]
    domain = "shop.example"
    selector = "r2026"
    file = "keys/r.pem"
    [[default.keys]]
    domain = "shop.example"
    selector = "e2026"
    file = "e.pem"
    """
    (default,) = read_senders(write(tmp_path, keys), SHOP)
    assert [(key.selector, key.algorithm) for key in default.keys] == [
        ("r2026", "rsa-sha256"),
        ("e2026", "ed25519-sha256"),
    ]


KEY = '[[default.keys]]\ndomain = "shop.example"\nselector = "s1"\nfile = "{file}"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[default]\nx\n", "is not TOML: .*line 2"),
        ('[Outlet]\nfrom = "a@b.example"', "Outlet > the name: "),
        ("[outlet]", "outlet > postal_address: Field required"),
        ('default = "x"', "default: Input should be"),
        ('[default]\nreply = "x"', "default > reply: Extra inputs"),
        ('[default]\nfrom = "nobody"', "default > from: .*no usable"),
        ('[default]\nreply_to = "Name <a@b.example>"', "default > reply_to: .*no usable"),
        ('[default]\nbounce_domain = "a b"', "default > bounce_domain: .*no usable domain"),
        ('[default]\nfeedback_id = "abc"', "default > feedback_id: "),
        ('[default]\nsmtp_url = "http://user:hunter2@relay"', "default > smtp_url: .*begins with smtp://"),
        ('[default]\nshop_name = "a\\nb"', "default > shop_name: "),
        (KEY.format(file="none.pem"), "default > keys > #1 > file: none.pem cannot be read: No such file"),
        (KEY.format(file="senders.toml"), "default > keys > #1: senders.toml: the key of selector s1 cannot be read"),
        (KEY.format(file="e.pem") + KEY.format(file="f.pem"), "two keys have the selector s1 of shop.example"),
    ],
)
def test_a_mistake_is_told_with_the_file_and_the_place(tmp_path: Path, edwards: bytes, text: str, told: str) -> None:
    (tmp_path / "e.pem").write_bytes(edwards)
    (tmp_path / "f.pem").write_bytes(pem(ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises(SendersUnusable, match=rf"senders\.toml: {told}") as refused:
        read_senders(write(tmp_path, text), SHOP)
    assert "hunter2" not in str(refused.value)
    assert edwards.decode().splitlines()[1] not in str(refused.value)


def test_the_example_that_comes_with_kundresa_can_be_used(tmp_path: Path) -> None:
    for name in ("r2026.pem", "e2026.pem", "outlet-r2026.pem"):
        (tmp_path / name).write_bytes(pem(ed25519.Ed25519PrivateKey.generate()))
    default, outlet = read_senders(write(tmp_path, EXAMPLE.read_text()), SHOP)
    assert (default.mailbox, default.feedback_id, len(default.keys)) == (SHOP.mailbox, "shopexample", 2)
    assert (outlet.name, outlet.domain, len(outlet.keys)) == ("outlet", "outlet.example", 1)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = '[default]\nfrom = "x"\nfeedback_id = "x"\n'
    with pytest.raises(SendersUnusable) as refused:
        read_senders(write(tmp_path, text), SHOP)
    assert len(str(refused.value).splitlines()) == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SendersUnusable, match=r"none\.toml: cannot be read"):
        sender_names(tmp_path / "none.toml")
