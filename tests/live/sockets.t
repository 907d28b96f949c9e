#!/bin/sh
# Who is at the two ends of a socket: what rules see of each call on it is compared with what both programs know, for TCP, UDP
# connected and not, over IPv4, IPv6 and mapped addresses, unix, netlink, packet and raw sockets.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP BPF needs root"; exit 0; }
python3 - <<'EOF'
import os, socket, subprocess, sys
from live import BIN, Tap, alerts, probe_start, stop

DIR = os.environ["DIR"]
TYPES = "socket,bind,connect,listen,accept,accept4,sendto,recvfrom,sendmsg,recvmsg,read,write,socketpair"
FIELDS = ("type", "typechar", "name", "lip", "lport", "rip", "rport", "cip", "cport", "sip", "sport", "l4proto", "sockfamily", "connected",
          "name_changed", "is_server")
RULE = """
- rule: all
  desc: what the test does, and what rules see of it
  condition: evt.type in (%s) and proc.pid = %d
  output: "%%thread.tid %%evt.type %%fd.num %s"
  priority: DEBUG
"""
tap = Tap()
wanted = []             # (what, event type, fd, {field: text}), in the order of the calls


def want(what, kind, sock, **fields):
    wanted.append((what, kind, str(sock if isinstance(sock, int) else sock.fileno()), fields))


def ends(local, remote, server, **more):
    """What the fields of a connection are at the end of `local`. The server is here where that is ours or the loopback address."""
    l, r = (local[0].replace("::ffff:", ""), str(local[1])), (remote[0].replace("::ffff:", ""), str(remote[1]))
    c, s = (r, l) if server else (l, r)
    return dict(lip=l[0], lport=l[1], rip=r[0], rport=r[1], cip=c[0], cport=c[1], sip=s[0], sport=s[1], is_server="true" if s[0] in ("127.0.0.1", "::1") or server else "false",
                name="%s:%s->%s:%s" % (c + s), **more)


def tcp(family, address, kind, target=None, backlog=3):
    what = "TCP %s, backlog %d" % (target or address, backlog)
    listener = socket.socket(family)
    want(what + ", new", "socket", listener, type="ipv6" if family == socket.AF_INET6 else "ipv4", name="", lip=None, rip=None, sip=None, cip=None)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind((address, 0))
    listener.listen(backlog)
    port = listener.getsockname()[1]
    bound = dict(sport=str(port), cip=None, rip=None, l4proto="tcp", connected="false")
    want(what + ", bound", "bind", listener, **bound)
    want(what + ", listening", "listen", listener, **bound)
    to = target or address
    client = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET)
    client.connect((to, port))
    server, _ = listener.accept()
    here, there = client.getsockname()[:2], client.getpeername()[:2]
    common = dict(type=kind, typechar=kind[-1], l4proto="tcp", sockfamily="ip", connected="true")
    want(what + ", client", "connect", client, **ends(here, there, False, **common))
    want(what + ", server", "accept4", server, **ends(there, here, True, **common))
    client.send(b"x")
    server.recv(1)
    os.write(server.fileno(), b"y")
    os.read(client.fileno(), 1)
    want(what + ", client sends", "sendto", client, **ends(here, there, False, **common))
    want(what + ", server receives", "recvfrom", server, **ends(there, here, True, **common))
    want(what + ", server writes", "write", server, **ends(there, here, True, **common))
    want(what + ", client reads", "read", client, **ends(here, there, False, **common))
    copy = os.dup(client.fileno())
    os.write(copy, b"z")
    want(what + ", by a copy of the descriptor", "write", copy, **ends(here, there, False, **common))
    return listener, client, server


def connect():
    """A connection; before the probe has begun, too."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=3)
    client = socket.create_connection(listener.getsockname())
    return listener, client, listener.accept()[0]


def old(listener, client, server):
    here, there = client.getsockname(), client.getpeername()
    client.send(b"x")
    server.recv(1)
    want("TCP of before, client sends", "sendto", client, **ends(here, there, False))
    want("TCP of before, server receives", "recvfrom", server, **ends(there, here, True))


def udp(family, address, kind, target=None):
    what = "UDP %s" % (target or address)
    a, b = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        a.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    a.bind((address, 0))
    to = (target or address, a.getsockname()[1])
    shown = (to[0].replace("::ffff:", ""), to[1])
    nowhere = "0.0.0.0" if kind == "ipv4" else "::"
    b.sendto(b"one", to)
    here = (nowhere, b.getsockname()[1])
    common = dict(type=kind, typechar=kind[-1], l4proto="udp")
    want(what + ", first datagram", "sendto", b, **ends(here, shown, False, connected="false", name_changed="true", **common))
    b.sendto(b"two", to)
    want(what + ", another one to the same", "sendto", b, name_changed="false", connected="false", rport=str(to[1]))
    b.sendto(b"three", (to[0], 9))
    want(what + ", to another port", "sendto", b, name_changed="true", rport="9")
    got, sender = a.recvfrom(10)
    me = a.getsockname()[:2]
    want(what + ", received", "recvfrom", a, **ends(me if kind != "ipv4" or "::" not in me[0] else (nowhere, me[1]), sender[:2], True,
                                                    connected="false", **common))
    b.connect(to)
    here = b.getsockname()[:2]
    want(what + ", connected", "connect", b, **ends(here, shown, False, connected="true", **common))
    b.send(b"four")
    want(what + ", sent when connected", "sendto", b, **ends(here, shown, False, connected="true", **common))
    return a, b


def unix():
    path = DIR + "/sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    server, _ = listener.accept()
    both = dict(type="unix", typechar="u", sockfamily="unix", lip=None, sip=None)
    want("unix, bound", "bind", listener, name=path, **both)
    want("unix, client", "connect", client, name=path, **both)
    want("unix, server", "accept4", server, name=path, **both)
    abstract = "\0saker-sockets-%d" % os.getpid()
    a, b = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    a.bind(abstract)
    b.sendto(b"x", abstract)
    want("unix, abstract datagram", "sendto", b, name=abstract[1:], **both)
    missing = socket.socket(socket.AF_UNIX)
    try:
        missing.connect(DIR + "/nobody")
    except OSError:
        want("unix, nobody there", "connect", missing, name=DIR + "/nobody", type="unix")
    return listener, client, server, a, b, missing


def others():
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind(("127.0.0.1", 0))
    own.sendto(b"x", ("127.0.0.2", 80))
    want("UDP with an address of its own is no server", "sendto", own, **ends(own.getsockname(), ("127.0.0.2", 80), False))
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    want("netlink", "socket", netlink, type="netlink", typechar="n", lip=None, sip=None, sockfamily=None)
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    want("packet", "socket", packet, type="<NA>", typechar="o", lip=None)
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    raw.sendto(b"\x08" + bytes(7), ("127.0.0.1", 7))
    want("ICMP", "sendto", raw, type="ipv4", l4proto="icmp", rip="127.0.0.1", name="0.0.0.0->127.0.0.1")
    refused = socket.socket()
    try:
        refused.connect(("127.0.0.1", 1))
    except OSError:
        want("TCP refused", "connect", refused, sip="127.0.0.1", sport="1", rip="127.0.0.1", rport="1")
    pair = socket.socketpair()
    want("socketpair", "socketpair", pair[1], type="unix", name="")
    return own, netlink, packet, raw, refused, pair


before = connect()
with open(DIR + "/raw", "wb") as out:
    probe = probe_start("-e", TYPES, stdout=out)
    old(*before)
    kept = [tcp(socket.AF_INET, "127.0.0.1", "ipv4"), tcp(socket.AF_INET, "127.0.0.3", "ipv4", backlog=0), udp(socket.AF_INET, "127.0.0.1", "ipv4"), unix(), others()]
    if os.path.exists("/proc/net/if_inet6"):
        kept += [tcp(socket.AF_INET6, "::1", "ipv6"), udp(socket.AF_INET6, "::1", "ipv6"),
                 tcp(socket.AF_INET6, "::", "ipv4", "127.0.0.1"), udp(socket.AF_INET6, "::", "ipv4", "::ffff:127.0.0.1")]
    else:
        tap.ok(True, "IPv6 # SKIP this machine has none")
    tap.is_(stop(probe), 0, "the probe has ended well")
with open(DIR + "/rules.yaml", "w") as f:
    f.write(RULE % (TYPES, os.getpid(), " ".join("%fd." + n for n in FIELDS)))
line = '"$1/enrich" <"$0/raw" | "$1/match" -r "$0/rules.yaml" -O rule_matching=all'
found = [f[0][1] for _, f in sorted(alerts(subprocess.run(["sh", "-c", line, DIR, BIN], stdout=subprocess.PIPE, timeout=60).stdout).items())]
used = {}
for what, kind, fd, fields in wanted:
    start = used.get((kind, fd), 0)
    n = next((i for i in range(start, len(found)) if found[i]["evt.type"] == kind and found[i]["fd.num"] == fd), None)
    if n is None:
        tap.ok(False, what, "no event %s of descriptor %s" % (kind, fd))
        continue
    used[kind, fd] = n + 1
    wrong = ["fd.%s: found %r, expected %r" % (k, found[n].get("fd." + k), v) for k, v in fields.items() if found[n].get("fd." + k) != v]
    tap.ok(not wrong, what, *wrong)
tap.end()
EOF
