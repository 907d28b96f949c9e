"""tests/live/calls.t: does each captured call, in 64 and in 32 bits, and compares its event with what was done."""
import base64
import json
import os
import socket
import subprocess
import traceback

from calls_deeds import ALL, Deeds
from live import BIN, Tap, alerts, probe_start, stop
from syscalls import Memory, can_32_bits

DIR = os.environ["DIR"]
# Told by other tests: tasks.t, pipeline.t.
ELSEWHERE = {"clone", "clone3", "fork", "vfork", "procexit", "execve", "execveat"}
ONLY_32 = {"stat64", "lstat64", "fstat64", "mmap2", "umount", "send", "recv"}
RULES = """
- rule: all
  desc: what rules see
  condition: evt.num >= 0
  output: "%evt.type %evt.args"
  priority: INFO
"""


def run_deeds(word, log):
    folder = "%s/%d" % (DIR, word * 8)
    os.mkdir(folder)
    os.chdir(folder)
    do = Deeds(Memory(), word, folder)
    for part in ALL:
        part(do)
    os.write(log, json.dumps(do.log).encode())


def in_child(word):
    """Does all of them in a process of its own: its id, its deeds and its status."""
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(r)
            run_deeds(word, w)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(w)
    with open(r, "rb") as f:
        deeds = json.loads(f.read() or b"[]")
    return child, deeds, os.waitpid(child, 0)[1]


def address(raw):
    """The text of an address: JSON has it as bytes, or as base64 of them."""
    if raw is None:
        return None
    data = base64.b64decode(raw["base64"]) if isinstance(raw, dict) else raw.encode()
    return socket.inet_ntop(socket.AF_INET if len(data) == 4 else socket.AF_INET6, data) if len(data) in (4, 16) else raw


def same(found, expected, name):
    if name == "tuple":
        if not found:
            return False
        inet_family = found["family"] != 1
        values = [address(found["local"]) if inet_family else found["local"], found["lport"],
                  address(found["remote"]) if inet_family else found["remote"], found["rport"], found["protocol"], found["role"]]
        return all(e is None or v == e for v, e in zip(values, expected))
    if isinstance(found, dict) and "fd" in found:
        found = {k: found[k] for k in expected} if isinstance(expected, dict) and "fd" in expected else found["fd"]
    if isinstance(found, dict) and "family" in found:
        found = dict(found, address=found["address"] if found["family"] == 1 else address(found["address"]))
    if isinstance(expected, dict) and "above" in expected:
        return found is not None and int(found) > expected["above"]
    if isinstance(expected, int) and isinstance(found, dict) and "int" in found:
        return int(found["int"]) == expected
    return found == expected


def compare(tap, deeds, events, seen):
    """Finds the deeds among the events of their process, in order."""
    at = 0
    for deed in deeds:
        n = next((i for i in range(at, len(events)) if events[i]["type"] == deed["type"] and
                  events[i]["result"] & 0xffffffff == deed["result"] & 0xffffffff), None)
        if n is None:
            tap.ok(False, deed["name"], "no event of result %r" % deed["result"])
            continue
        at = n + 1
        params, line = events[n]["params"], seen.get(int(events[n]["id"]), "no line")
        wrong = ["%s: found %r, expected %r" % (k, params.get(k), v) for k, v in deed["params"].items()
                 if k not in params or not same(params[k], v, k)]
        wrong += ["not in it: %s: %s" % (text, line) for text in deed["says"] if text not in line]
        tap.ok(not wrong, deed["name"], *wrong)


def main():
    tap = Tap()
    raw, rules = DIR + "/raw", DIR + "/rules.yaml"
    with open(rules, "w") as f:
        f.write(RULES)
    widths = [8, 4] if can_32_bits(Memory()) else [8]
    if 4 not in widths:
        print("# SKIP 32-bit calls: this kernel takes none")
    children = []
    with open(raw, "wb") as out:
        probe = probe_start("-a", stdout=out)
        try:
            for word in widths:
                children.append(in_child(word))
                tap.is_(children[-1][2], 0, "the calls were made, of %d bits" % (8 * word))
        finally:
            tap.is_(stop(probe), 0, "the probe has ended well")
    with open(raw, "rb") as f:
        lines = subprocess.run([BIN + "/frames"], stdin=f, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    with open(raw, "rb") as f:
        matched = subprocess.run([BIN + "/match", "-r", rules], stdin=f, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 check=True).stdout
    seen = {event: found[0][1].get("evt.args") for event, found in alerts(matched).items()}
    hello, events = None, {}
    for line in lines:
        e = json.loads(line)
        if e["kind"] == "hello":
            hello = e
        elif e["kind"] == "event":
            events.setdefault(e["tid"], []).append(e)
    for pid, deeds, _ in children:
        compare(tap, deeds, events.get(pid, []), seen)
    compared = {}
    for deed in (d for _, deeds, _ in children for d in deeds):
        compared.setdefault(deed["type"], set()).update(deed["params"])
    elsewhere = ELSEWHERE | (set() if 4 in widths else ONLY_32)
    types = {t["type"]: (t["name"], [p["name"] for p in t["params"]]) for t in hello["schema"]}
    left = ["%s.%s" % (name, p) for name, params in map(types.get, hello["types"]) for p in params
            if name not in elsewhere and p not in compared.get(name, ())]
    tap.is_(left, [], "each parameter of each captured type is among what was compared")
    tap.end()


if __name__ == "__main__":
    main()
