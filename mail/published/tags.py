"""Records made of tags, `v=DMARC1; p=none`, as DKIM and DMARC publish them (RFC 6376, 3.2)."""

import re

_BLANKS = re.compile(r"\s+")


def tags(text: str) -> dict[str, str]:
    """The tags by name, blanks around them dropped; of a name that comes twice the first counts."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, is_tag, value = part.partition("=")
        if is_tag:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def joined(value: str) -> str:
    """A value with the blanks within it dropped, such as a key in base64."""
    return _BLANKS.sub("", value)
