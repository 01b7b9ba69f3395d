"""What an examination says: each finding with its grade, and with the record to publish where one is missing."""

import enum
from dataclasses import dataclass


class Grade(enum.StrEnum):
    """WRONG: mailbox providers refuse such mail, or feedback is lost. ADVICE: it works, and could be better."""

    OK = "ok"
    ADVICE = "advice"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Record:
    """A DNS record, to be published as it stands here."""

    name: str
    kind: str
    value: str

    def __str__(self) -> str:
        """As a line of a zone file: TXT in quoted strings of at most 255 octets (RFC 1035, 3.3)."""
        if self.kind != "TXT":
            return f"{self.name}. IN {self.kind} {self.value}"
        pieces = [self.value[start : start + 255] for start in range(0, len(self.value), 255)]
        return f"{self.name}. IN TXT " + " ".join(f'"{piece}"' for piece in pieces)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: the subject (`spf`, `dkim`, ...), where, and what is so."""

    subject: str
    where: str
    grade: Grade
    told: str
    publish: Record | None = None
