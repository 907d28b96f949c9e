"""For tests of the configuration: the table of keys as its source has it, and saker-conf."""
import os
import re
import subprocess

from live import BIN

HERE = os.environ["HERE"]
DIR = os.environ["DIR"]
COLUMNS = ("name", "type", "value", "falco", "low", "high", "words", "known", "program", "test", "meaning")


def table():
    """Every row of conf/keys.def, as a dict."""
    with open(os.path.join(HERE, "conf", "keys.def"), encoding="utf-8") as f:
        text = f.read()
    rows = []
    for body in re.findall(r"^KEY\((.*?)\)$", text[text.index("#endif"):], re.S | re.M):
        cells = re.findall(r'"(?:[^"\\]|\\.)*"|[A-Za-z_0-9]+', body)
        rows.append(dict(zip(COLUMNS, [None if c == "NULL" else c.strip('"') for c in cells[1:]])))
    return rows


def path(name, text):
    full = os.path.join(DIR, name)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as f:
        f.write(text)
    return full


def run(program, *args, env=None, data=b"", timeout=30, binary=False):
    """Status, output and errors; or (binary) the output as it is."""
    p = subprocess.run([os.path.join(BIN, program), *args], input=data, capture_output=True, cwd=DIR, timeout=timeout,
                       env=dict(os.environ, **(env or {})))
    if binary:
        return p.stdout
    return p.returncode, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")


def conf(*args, **given):
    return run("saker-conf", *args, **given)


def arguments(folder, stage):
    with open(os.path.join(DIR, folder, stage + ".args"), "rb") as f:
        return f.read().decode().split("\0")[:-1]


def keys_of(folder, stage):
    """The keys that a generation sets for a stage."""
    words = arguments(folder, stage)
    return dict(w.split("=", 1) for o, w in zip(words, words[1:]) if o == "-O")
