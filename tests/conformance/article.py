"""The rules of the 2021 article, as they are printed there, and the official rules files."""
import os
import re
import tempfile

from driver import DATA, describe, validate

count, failed = 0, False


def is_(found, expected, what):
    global count, failed
    count += 1
    failed |= found != expected
    print("%sok %d - %s" % ("" if found == expected else "not ", count, what), flush=True)
    if found != expected:
        print("# found    %r\n# expected %r" % (found, expected))


def blocks():
    """The fenced blocks of the article that hold rules; a template with <placeholders> is none."""
    folder = os.path.join(DATA, "article")
    text = "".join(open(os.path.join(folder, f), encoding="utf-8").read() for f in sorted(os.listdir(folder)))
    for block in re.findall(r"^```\w*[^\n]*\n(.*?)^```", text, re.M | re.S):
        if re.search(r"^- (rule|macro|list):", block, re.M) and "<Name of" not in block:
            yield block


def article():
    found, good = [], []
    with tempfile.TemporaryDirectory() as folder:
        official = os.path.join(DATA, "rules", "falco_rules-2021.yaml")
        for i, block in enumerate(blocks()):
            path = os.path.join(folder, "%d.yaml" % i)
            with open(path, "w", encoding="utf-8") as f:
                f.write(block)
            result = validate(official, *good, path)[-1]
            found.append((re.findall(r"^- rule: (.*)", block, re.M), result["errors"][0]["message"] if result["errors"] else "Ok"))
            if result["successful"]:
                good.append(path)
                is_(describe(official, *good) is not None, True, "what block %d says goes with what is before it" % i)
    return found


def main():
    found = article()
    wrong = [(rules, said) for rules, said in found if said != "Ok"]
    is_(len(found) > len(wrong) > 0, True, "the article has rules: %s" % [r for r, _ in found])
    is_({said for _, said in wrong}, {"Invalid priority"}, "each loads, but for the priority that is misspelt there")
    rules = os.path.join(DATA, "rules")
    for files in (["falco_rules.yaml"], ["falco_rules.yaml", "falco-incubating_rules.yaml"], ["falco_rules-2021.yaml", "k8s_audit_rules-2021.yaml"]):
        paths = [os.path.join(rules, f) for f in files]
        is_([e["message"] for r in validate(*paths) for e in r["errors"]], [], "no error in " + " ".join(files))
    is_([e["message"] for r in validate(*paths, compat="0.28") for e in r["errors"]], [], "nor in those of 2021 under compat 0.28")
    today = validate(os.path.join(rules, "falco_rules.yaml"))[0]
    is_((today["schema_valid"], today["schema_warnings"]), (True, []), "today's are as the schema wants them")
    print("1..%d" % count)
    return not failed
