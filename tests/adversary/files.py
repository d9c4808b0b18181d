"""2.14 and beyond: what a stranger lays beside, or puts into files that are read."""
import json
import os
import re
import stat

from world import Key, check, event, observed

EVENT = {"type": "ObjectEvent", "eventTime": "2026-11-01T10:00:00Z", "eventTimeZoneOffset": "+00:00", "action": "OBSERVE"}


def planted_tmp(w):
    """FILE.tmp is there, open to all, or leads elsewhere, before the key is written."""
    for n, trap in enumerate(("file", "link")):
        path, other = os.path.join(w.folder, f"new{n}.key"), os.path.join(w.folder, f"other{n}")
        fd = os.open(path + ".tmp" if trap == "file" else other, os.O_RDWR | os.O_CREAT, 0o666)
        os.fchmod(fd, 0o666)
        if trap == "link":
            os.symlink(other, path + ".tmp")
        w.must("key", "create", path, "--kind", "agent")
        check(os.pread(fd, 10, 0) == b"", f"the key lies in the stranger's {trap}")
        check(stat.S_IMODE(os.lstat(path).st_mode) == 0o600, "not 0600")
        os.close(fd)
    return "nothing leaks"


def core_dump(w):
    """The key lies in memory: no core of it is written."""
    with open(f"/proc/{w.daemon.pid}/limits") as f:
        core = [l for l in f if l.startswith("Max core file size")][0].split()
    return "core size " + core[4]


def planted_refused(w):
    """With --proceed the others go into FILE.refused.jsonld: a file or a link that lies there is never written over."""
    doc = w.document([{**EVENT, "epcList": [w.fresh()]}, {**EVENT, "epcList": ["urn:epc:i:nothing"]}])
    kept = w.file("kept", "mine")
    os.symlink(kept, doc + ".refused.jsonld")
    for path in (doc + ".refused.jsonld", re.sub(r"\.jsonld$", "", doc) + ".refused.jsonld"):
        if not os.path.lexists(path):
            os.symlink(kept, path)
    done = w.run("argosy", "import", "epcis", doc, "--proceed", "--member", "eve", "--key", w.key("eve", "agent"), "--json")
    check(open(kept).read() == "mine", "written over")
    return f"exit {done.returncode}"


def refused_again(w):
    """What --proceed wrote holds what was refused and nothing else, whatever odd text stood around it; imported again nothing doubles."""
    good, odd = w.fresh(), '"}]}},{"type":"ObjectEvent"'
    doc = w.document([{**EVENT, "epcList": [good]}, {**EVENT, "epcList": ["urn:epc:i:no"], "bizStep": odd}, {**EVENT, "epcList": [good], "action": "X"}])
    out = os.path.join(w.folder, "again.jsonld")
    done = w.run("argosy", "import", "epcis", doc, "--proceed", "--refused", out, "--member", "eve", "--key", w.key("eve", "agent"), "--json")
    check(json.loads(done.stdout)["recorded"] == 1, done.stdout)
    left = json.load(open(out))["epcisBody"]["eventList"]
    check(len(left) == 2 and left[0]["bizStep"] == odd, f"{left}")
    w.run("argosy", "import", "epcis", doc, "--member", "eve", "--key", w.key("eve", "agent"), "--no-receipts")
    return f"{w.item(good)['events']} event"


def hostile_documents(w):
    """Bombs, depths, cycles, entities, lies about lengths; nothing is fetched, nothing is expanded, nothing is recorded."""
    deep = '{"a":' * 5000 + "1" + "}" * 5000
    docs = {
        "bomb.xml": '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]><epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2">&c;</epcis:EPCISDocument>',
        "file.xml": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2">&b;</epcis:EPCISDocument>',
        "dtd.xml": '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2"/>',
        "include.xml": '<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd" parse="text"/></epcis:EPCISDocument>',
        "deep.jsonld": deep, "depth.xml": "<a>" * 100000, "empty.jsonld": "", "nul.jsonld": "\0" * 1000, "bom.jsonld": "\ufeff" * 3,
        "open.jsonld": '{"@context":["http://127.0.0.1:1/evil.jsonld"],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-01-01T00:00:00Z",'
                       '"epcisBody":{"eventList":[' + json.dumps({**EVENT, "epcList": ["urn:x-e:1"]}) + "]}}",
        "twice.jsonld": '{"type":"EPCISDocument","type":"EPCISDocument"}', "array.jsonld": "[" * 100000, "utf16.xml": "<?xml version='1.0' encoding='UTF-16'?><a/>",
    }
    for name, text in docs.items():
        path = w.file(name, text.encode())
        for args in (("epcis", "check", path, "--offline"), ("import", "epcis", path, "--member", "eve", "--key", w.key("eve", "agent"), "--json")):
            done = w.run("argosy", *args)
            check(done.returncode in (1, 2, 3), f"{name}: {args[0]} exit {done.returncode} {done.stderr[-300:]}")
            check("root:" not in done.stdout + done.stderr, f"{name}: a file was read")
    return "refused"


def hostile_contexts(w):
    """A context that calls one thing another: what events mean by the standard cannot be redefined."""
    lies = {"imports itself": {"@import": "https://e.example/self"}, "renames": {"epcList": "https://e.example/x", "eventTime": {"@id": "epcis:recordTime"}},
            "keywords": {"@type": "@id", "type": "@graph"}, "nested": {"a": {"@context": {"b": {"@context": {}}}}}, "base": {"@base": "https://e.example/", "@vocab": "https://e.example/"}}
    recorded = []
    w.environment["XDG_CONFIG_HOME"] = os.path.join(w.folder, "config")
    for n, (name, c) in enumerate(lies.items()):
        url = f"https://e.example/{n}"
        added = w.run("argosy", "epcis", "context", "add", url, w.file(f"c{n}.jsonld", json.dumps({"@context": c})))
        x = w.fresh()
        doc = {"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", url], "type": "EPCISDocument", "schemaVersion": "2.0",
               "creationDate": "2026-01-01T00:00:00Z", "epcisBody": {"eventList": [{**EVENT, "epcList": [x]}]}}
        done = w.run("argosy", "import", "epcis", w.file(f"d{n}.jsonld", json.dumps(doc)), "--member", "eve", "--key", w.key("eve", "agent"), "--json")
        if done.returncode == 0:
            e = w.trace(x)["events"][0]
            check(e["happened"].startswith("2026-11-01T10:00:00") and e["action"] == "OBSERVE", f"{name}: {e}")
            recorded.append(name)
    for c in ("{", "[]", '{"@context":' + "[" * 3000, '{"@context":"https://x.example/"}'):
        done = w.run("argosy", "epcis", "context", "add", "https://e.example/bad", w.file("bad.jsonld", c))
        check(done.returncode != 0, f"registered: {c[:50]}")
    for url in ("../../x", "https://e.example/\n", ""):
        done = w.run("argosy", "epcis", "context", "add", url, w.file("ok.jsonld", '{"@context":{"e":"https://e.example/"}}'))
        check(done.returncode != 0, f"registered under {url!r}")
    return "means what it says"


def hostile_bundles(w):
    """A good bundle with bytes changed in 120 places, cut, doubled: refused with exit 4, never a crash, never a word for it."""
    x = w.fresh()
    w.does("anna", observed(x))
    good = open(w.bundle(x), "rb").read()
    for i in range(120):
        at = i * len(good) // 120
        for text in (good[:at] + bytes([good[at] ^ 1 << i % 8]) + good[at + 1:], *([good[:at]] if i % 6 == 0 else [])):
            code, said = w.judged(w.file("hostile.bundle", text))
            check(code == 4, f"byte {at}: exit {code} {said}")
    for text in (b"", good + b"\0", good * 2, b"ARB\1" + b"\xff" * 5000, b"ARB\2" + good[4:], b"\0" * (17 << 20)):
        code, said = w.judged(w.file("hostile.bundle", text))
        check(code in (1, 4), f"exit {code} {said}")
    return "refused"


def receipt_folder(w):
    """Receipts are written where links of a stranger lie."""
    folder = os.path.join(w.folder, "receipts-of-eve")
    os.makedirs(folder, exist_ok=True)
    away = os.path.join(w.folder, "away")
    os.makedirs(away, exist_ok=True)
    x = w.fresh()
    id = "11" * 16
    doc = w.document([{**EVENT, "epcList": [x]}])
    done = w.run("argosy", "import", "epcis", doc, "--member", "../eve", "--key", w.key("eve", "agent"), "--receipts", folder)
    check(done.returncode != 0 and not os.listdir(away), "a member's name leads out of the folder")
    done = w.run("argosy", "receipt", "../../" + id, "--member", "eve", "-o", os.path.join(away, "r"))
    return f"exit {done.returncode}"


def attachment_names(w):
    """A hash that is a path."""
    codes = set()
    for h in ("../keys/operator.key", "..%2fkeys%2foperator.key", "A" * 64, "0" * 63, ""):
        done = w.run("argosy", "attach", "get", h, "-o", os.path.join(w.folder, "got"))
        check(not os.path.exists(os.path.join(w.folder, "got")), f"got {h}")
        codes.add(done.returncode)
    check(0 not in codes, f"{codes}")
    return "refused"
