"""A DNS server on loopback: it answers from a zone that the test writes, over UDP and TCP, as a real one does."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

_UDP_OCTETS = 512


@dataclass
class Nameserver:
    """`zone` maps (name, type) to the values of the records. `broken` are names to which it answers SERVFAIL."""

    zone: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    over_tcp: int = 0
    port: int = 0

    def publish(self, name: str, kind: str, *values: str) -> None:
        """Replace what is published. TXT values are given plain, and cut into strings here."""
        self.zone[name, kind] = [_quoted(value) if kind == "TXT" else value for value in values]

    def answer(self, wire: bytes) -> dns.message.Message:
        asked = dns.message.from_wire(wire)
        question = asked.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append(name)
        reply = dns.message.make_response(asked)
        reply.flags |= dns.flags.RA
        if name in self.broken:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif values := self.zone.get((name, kind)):
            reply.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, values))
        elif name not in {each for each, _ in self.zone}:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply


def _quoted(value: str) -> str:
    pieces = [value[start : start + 255] for start in range(0, len(value), 255)]
    return " ".join(f'"{piece}"' for piece in pieces)


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, sock = self.request
        reply = _nameserver(self.server).answer(data)
        if len(wire := reply.to_wire()) > _UDP_OCTETS:
            reply.answer.clear()
            reply.flags |= dns.flags.TC
            wire = reply.to_wire()
        sock.sendto(wire, self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        nameserver = _nameserver(self.server)
        nameserver.over_tcp += 1
        length = int.from_bytes(self.rfile.read(2), "big")
        reply = nameserver.answer(self.rfile.read(length)).to_wire()
        self.wfile.write(len(reply).to_bytes(2, "big") + reply)


class _UdpServer(socketserver.UDPServer):
    nameserver: Nameserver


class _TcpServer(socketserver.TCPServer):
    nameserver: Nameserver


def _nameserver(server: socketserver.BaseServer) -> Nameserver:
    assert isinstance(server, _UdpServer | _TcpServer)
    return server.nameserver


@contextmanager
def serving() -> Iterator[Nameserver]:
    """A server in threads of its own, so that commands with a loop of their own can ask it."""
    nameserver = Nameserver()
    with _UdpServer(("127.0.0.1", 0), _Udp) as udp:
        nameserver.port = udp.server_address[1]
        with _TcpServer(("127.0.0.1", nameserver.port), _Tcp) as tcp:
            udp.nameserver = tcp.nameserver = nameserver
            threads = [threading.Thread(target=server.serve_forever, args=(0.01,)) for server in (udp, tcp)]
            for thread in threads:
                thread.start()
            try:
                yield nameserver
            finally:
                for server, thread in zip((udp, tcp), threads, strict=True):
                    server.shutdown()
                    thread.join()
