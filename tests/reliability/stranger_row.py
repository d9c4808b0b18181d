#!/usr/bin/env python3
"""stranger_row.py PROGRAMS [SEED] [TIMES]: a verifier that shares no code with ours says the same.

tools/verify.py was written from docs/format alone. Here it and argosy-verify judge the vectors, the
files of a demo, thousands of mutations of both (bytes changed, cut, doubled, swapped; then also with
hashes and signatures made to fit again, so that what lies behind them is reached), and journeys of
random worlds: subjects packed, unpacked, blended and declared void in any order, each with something
left out or added. Accepted or refused must be the same, what is accepted must be said alike, and so
must the reason be, but for one thing: which of several faults of one element (an event, a record) is
named, "it is of a newer version" or "it is malformed", is not settled (bundle.md, "Reasons"). Last,
pairs of proofs that may contradict each other: the same contradiction must be found.

What is judged otherwise is kept in a file that is named. The seed is printed; TIMES makes it longer.
"""
import collections
import copy
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DEBIAN = "/usr/bin/python3"
try:
    import nacl.bindings
except ImportError:
    # The package is Debian's, so it is there for Debian's Python.
    if os.path.exists(DEBIAN) and os.path.realpath(sys.executable) != os.path.realpath(DEBIAN):
        os.execv(DEBIAN, [DEBIAN] + sys.argv)
    print("SKIP: stranger: python3-nacl is not installed")
    print("row stranger: skipped")
    sys.exit(0)
sys.path.insert(0, os.path.join(ROOT, "tools"))
sys.dont_write_bytecode = True
import verify as stranger  # noqa: E402

VECTORS = os.path.join(ROOT, "tests/vectors")
MUTATIONS, FITTED, WORLDS, PAIRS = 2000, 1200, 200, 60
FILES_AT_ONCE = 16
SECONDS_MAX = 1500  # to end a hang alone
EVENT_FIELDS = ("number", "kind", "flags", "role", "step", "where", "who", "happened_ms", "recorded_ms", "part",
                "after_recording", "declares_error", "declared_in_error_by", "digest")
HEAD_FIELDS = ("chain", "fingerprint", "height", "time", "header_hash", "app_hash", "log_root", "state_root",
               "log_size", "validators", "signed", "signers", "head", "journey", "continues_held_head", "newer",
               "witnesses", "epochs")
SUBJECT_FIELDS = ("id", "absent", "flags", "owner", "holder", "offered_to", "container", "claims")
# Reasons between which it depends on who looks where first.
SAME_ELEMENT = ({"format", "version"}, {"record", "version"}, {"genesis", "version"})


def fail(what):
    print("row stranger: FAILED:", what)
    sys.exit(1)


def gist(said):
    """What both must say of an accepted file."""
    out = {k: said[k] for k in HEAD_FIELDS}
    out["subjects"] = [dict({k: s.get(k) for k in SUBJECT_FIELDS},
                            events=[{k: e.get(k) for k in EVENT_FIELDS} for e in s.get("events", ())])
                       for s in said["subjects"]]
    if "receipt" in said:
        r = said["receipt"]
        out["receipt"] = [r["member"], r["id"], r["key"], r["height"], r["recorded_ms"]] + [
            [x["index"], x["kind"], x["digest"], [[s["id"], s["role"], s["number"]] for s in x["subjects"]]]
            for x in r["records"]]
    return out


class Judges:
    """Both verifiers, side by side."""

    def __init__(self, programs, folder):
        self.verifier, self.folder = os.path.join(programs, "argosy-verify"), folder
        self.count = collections.Counter()
        self.reasons = collections.Counter()
        self.other_reason = collections.Counter()
        self.differences = []
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("ARGOSY", "LC_", "LANG"))}

    def ours(self, files, fingerprint, options=()):
        words = [self.verifier] + files + ["--genesis", fingerprint.hex(), "--json"] + list(options)
        done = subprocess.run(words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=self.environment,
                              timeout=SECONDS_MAX)
        said = [json.loads(line) for line in done.stdout.decode().splitlines() if line]
        if len(said) != len(files) or (done.returncode == 0) != all(s.get("verified") for s in said):
            fail(f"argosy-verify exits {done.returncode}: {done.stdout[-500:]!r}")
        return said

    def theirs(self, data, fingerprint, trusted=(), held=None):
        try:
            return stranger.report(stranger.Proof(data, fingerprint, trusted, held))
        except stranger.Refused as e:
            return {"verified": False, "reason": e.reason, "detail": e.detail}

    def compare(self, what, data, ours, theirs):
        """Returns whether they agree; a difference is kept."""
        self.count["judged"] += 1
        self.count["accepted"] += ours["verified"]
        self.reasons[ours["reason"]] += 1
        if ours["verified"] and theirs["verified"]:
            a, b = gist(ours), gist(theirs)
            if a == b:
                return True
            why = f"{what}: both accept, and say {first_difference(a, b)}"
        else:
            reasons = {ours["reason"], theirs["reason"]}
            if len(reasons) == 1:
                return True
            if reasons in SAME_ELEMENT:
                self.other_reason[" for ".join(sorted(reasons))] += 1
                return True
            why = (f"{what}: argosy-verify says {ours['reason']} ({ours['detail']}),"
                   f" verify.py {theirs['reason']} ({theirs['detail']})")
        kept = os.path.join(tempfile.gettempdir(), f"argosy-stranger-{os.getpid()}-{len(self.differences)}")
        if len(self.differences) < 60:
            with open(kept, "wb") as f:
                f.write(data)
            why += f" [{kept}]"
        self.differences.append(why)
        return False

    def judge(self, cases):
        """cases: (what, data, fingerprint). Many at once, by fingerprint."""
        groups = collections.defaultdict(list)
        for i, (what, data, fingerprint) in enumerate(cases):
            path = os.path.join(self.folder, f"case-{i}")
            with open(path, "wb") as f:
                f.write(data)
            groups[fingerprint].append((what, data, path))
        for fingerprint, group in groups.items():
            for at in range(0, len(group), FILES_AT_ONCE):
                part = group[at:at + FILES_AT_ONCE]
                for (what, data, _), ours in zip(part, self.ours([p for _, _, p in part], fingerprint)):
                    self.compare(what, data, ours, self.theirs(data, fingerprint))


def first_difference(a, b, where=""):
    if isinstance(a, dict) and isinstance(b, dict):
        for k in a:
            if a[k] != b.get(k):
                return first_difference(a[k], b.get(k), f"{where}.{k}")
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            if x != y:
                return first_difference(x, y, f"{where}[{i}]")
    return f"{where}: {str(a)[:200]!r} and {str(b)[:200]!r}"


def read(path):
    with open(path, "rb") as f:
        return f.read()


# ---------------------------------------------------------------- the vectors and the demo


def vector(name):
    return read(os.path.join(VECTORS, name))


def table(name):
    with open(os.path.join(VECTORS, name), encoding="utf-8") as f:
        return [line.split("\t") for line in f.read().splitlines()[1:]]


def judge_vectors(judges):
    good = []
    for name, reason, fingerprint, options, *_ in table("table.tsv"):
        fingerprint = bytes.fromhex(fingerprint)
        words, trusted, held = [], set(), None
        for option in options.split():
            key, _, value = option.partition("=")
            if key == "head":
                held = vector(value)
                words += ["--head", os.path.join(VECTORS, value)]
            elif key == "witness":
                trusted.add(bytes.fromhex(value))
                words += ["--witness", value]
        data = vector(name)
        ours = judges.ours([os.path.join(VECTORS, name)], fingerprint, words)[0]
        theirs = judges.theirs(data, fingerprint, trusted, held)
        if ours["reason"] != reason or theirs["reason"] != reason:
            fail(f"{name}: {reason} is due, argosy-verify says {ours['reason']}, verify.py {theirs['reason']}")
        judges.compare(name, data, ours, theirs)
        if reason == "ok":
            good.append((name, data, fingerprint))
    for a, b, due in table("evidence.tsv"):
        found = stranger.conflict(*(stranger.Proof(vector(x), None) for x in (a, b)))
        if found != due:
            fail(f"evidence {a} {b}: {due} is due, verify.py says {found}")
    return good


def judge_demo(judges, programs):
    out = os.path.join(judges.folder, "demo")
    done = subprocess.run([os.path.join(ROOT, "tools/demo"), "--bin", programs, "--lang", "en", out],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          env=judges.environment, timeout=SECONDS_MAX)
    if done.returncode:
        fail("tools/demo: " + done.stdout.decode()[-2000:])
    fingerprint = bytes.fromhex(read(os.path.join(out, "genesis.txt")).decode().strip())
    names = ["parcel.bundle", "journey.bundle", "head"]
    for folder, _, files in sorted(os.walk(os.path.join(out, "node/receipts"))):
        names += [os.path.relpath(os.path.join(folder, f), out) for f in sorted(files) if not f.startswith(".")]
    good = [(name, read(os.path.join(out, name)), fingerprint) for name in names]
    judges.judge(good)
    if judges.differences:
        return good
    receipts = [d for _, d, _ in good if d[:3] == b"ARR"]
    if not receipts:
        fail("the demo left no receipt")
    for name, data, _ in good:
        if judges.theirs(data, fingerprint)["reason"] != "ok":
            fail(f"the demo's {name} is refused")
    held = good[2][1]
    ours = judges.ours([os.path.join(out, "parcel.bundle")], fingerprint, ["--head", os.path.join(out, "head")])[0]
    judges.compare("parcel.bundle after head", good[0][1], ours, judges.theirs(good[0][1], fingerprint, (), held))
    judge_command(judges, out, fingerprint.hex())
    return good


def judge_command(judges, out, fingerprint):
    """verify.py as a command: the exit codes of argosy-verify."""
    changed = os.path.join(judges.folder, "changed")
    with open(changed, "wb") as f:
        f.write(read(os.path.join(out, "parcel.bundle"))[:-1])
    parcel, genesis = os.path.join(out, "parcel.bundle"), ["--genesis", "@" + os.path.join(out, "genesis.txt")]
    over = os.path.join(judges.folder, "over")
    with open(over, "wb") as f:
        f.write(b"A" * (stranger.TEXT_MAX + 1))
    qr = read(os.path.join(VECTORS, "accept/url")).decode()
    qr_genesis = stranger.Proof(qr.encode(), None).head.genesis.fingerprint.hex()
    for words in ([over] + genesis, [qr] + genesis, [qr, "--genesis", qr_genesis], [parcel] + genesis,
                  [parcel, "--genesis", fingerprint, "--json"], [changed] + genesis, [parcel],
                  [parcel, "--genesis", "0" * 64], [os.path.join(out, "nothing")] + genesis,
                  [parcel, "--head", os.path.join(out, "head")] + genesis, ["evidence", parcel, parcel] + genesis,
                  [parcel, "--witness", os.path.join(out, "head"), "--none"] + genesis):
        codes = [subprocess.run(command + words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                stdin=subprocess.DEVNULL, env=judges.environment, timeout=SECONDS_MAX).returncode
                 for command in ([judges.verifier], [sys.executable, os.path.join(ROOT, "tools/verify.py")])]
        if codes[0] != codes[1]:
            fail(f"{words}: argosy-verify exits {codes[0]}, verify.py {codes[1]}")


# ---------------------------------------------------------------- mutations


def mutate(rng, data):
    d = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2))):
        at, how = rng.randrange(len(d)), rng.randrange(8)
        n = rng.choice((1, 2, 32, 64, 1 + rng.randrange(64)))
        if how == 0:
            d[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            d[at] = rng.choice((0, 1, 127, 128, 255, d[at] + 1 & 255, d[at] - 1 & 255))
        elif how == 2:
            del d[at:at + n]
        elif how == 3:
            d[at:at] = d[at:at + n]
        elif how == 4:
            d = d[:at]
        elif how == 5:
            other = rng.randrange(len(d))
            if at + n <= other and other + n <= len(d):
                d[at:at + n], d[other:other + n] = d[other:other + n], d[at:at + n]
        elif how == 6:
            d[at:at] = bytes([rng.randrange(256)])
        else:
            d[at] = rng.randrange(256)
        if not d:
            d = bytearray(b"A")
    return bytes(d)


class Signer:
    """A validator's key that the row knows, so that it can make what was changed fit again."""

    def __init__(self, seed):
        self.public, self.secret = nacl.bindings.crypto_sign_seed_keypair(hashlib.sha256(seed).digest())

    def sign(self, message):
        return nacl.bindings.crypto_sign(message, self.secret)[:64]


def fit(data, signers, rounds=12):
    """Changed bytes with digests, histories and signatures put right, where that can be done in place: the stranger's
    verifier says what it computed when it refuses."""
    genuine = stranger.signed_by
    asked = []

    def ask(key, message, signature):
        asked.append((key, message, signature))
        return genuine(key, message, signature)

    for _ in range(rounds):
        asked.clear()
        stranger.signed_by = ask
        try:
            stranger.Proof(data, None)
            return data
        except stranger.Refused as e:
            reason, trace = e.reason, e.__traceback__
        finally:
            stranger.signed_by = genuine
        places = {}
        while trace:
            places[trace.tb_frame.f_code.co_name] = trace.tb_frame.f_locals
            trace = trace.tb_next
        if reason == "history":
            found = places["read_record"]
            wrong, right = found["history"], found["running"]
        elif reason == "record" and "data" in places.get("bundle", {}) and "read_record" not in places:
            found = places["bundle"]
            wrong = found["s"].events[found["place"][1]].digest
            right = stranger.leaf(found["data"])
        elif reason in ("signature", "epoch", "witness") and asked:
            key, message, wrong = asked[-1]
            signer = signers.get(key)
            if not signer:
                return data
            right = signer.sign(message)
        else:
            return data
        if wrong == right or data.count(wrong) != 1:
            return data
        data = data.replace(wrong, right)
    return data


# ---------------------------------------------------------------- worlds


MEMBERS = ("leafco", "carrier", "shop")


def record_of(kind, place):
    """A log record about no subject, of an act at a place of its transaction."""
    v, lp = stranger.varint, stranger.lp
    return (b"R\x01" + v(7) + stranger.zigzag(1764000000000) + b"\0" + v(place) + lp(b"leafco") + bytes(32) + bytes(16)
            + bytes([kind]) + bytes(32) + v(0) + lp(stranger.tlv(kind, b"")))


class World:
    """A random history of few subjects, as a ledger would have recorded it, but with no rules of trade: whatever
    stands in histories is what a verifier has to make sense of."""

    def __init__(self, rng):
        self.rng = rng
        kinds = rng.choice(("iiccc", "iilcc", "iltcc", "illtcci", "iccc", "ilclc"))
        # item, lot, transformation, container
        self.kinds = {f"{k}{n}": {"i": 1, "l": 2, "t": 8, "c": 4}[k] for n, k in enumerate(kinds)}
        self.names = list(self.kinds)
        self.history = {s: [] for s in self.names}
        self.base = 1764000000000
        self.made, self.seen = [], {}
        self.now = self.base
        for _ in range(rng.choice((3, 6, 10, 16))):
            self.one()

    def of(self, letters):
        return [s for s in self.names if s[0] in letters]

    def one(self):
        rng = self.rng
        self.now += rng.choice((0, 1, 1000, 60000, 3600000))
        happened = self.now - rng.choice((0, 0, 1000, 3600000, 2 * 3600000, 7200001, -500))
        if rng.randrange(3) == 0 and self.made:
            happened = rng.choice(self.made)["happened"]
        how = rng.choice("pppuuuutttoodd")
        listed = []  # role, mode, subject
        flags, kind, step, sort, transformation = 0, 1, "packing", 2, False
        if how in "pu":
            sort = rng.choice((2, 2, 2, 5, 1))
            container = rng.choice(self.of("c"))
            flags = {"p": 1, "u": 3}[how]
            step = {"p": "packing", "u": "unpacking"}[how]
            listed.append((2, rng.choice((0, 0, 0, 0, 0, 0, 2, 1)), container))
            for s in rng.sample(self.names, rng.choice((1, 1, 2))):
                if s != container and s[0] != "t":
                    listed.append((3, rng.choice((0, 0, 0, 0, 2, 1)), s))
            if rng.randrange(3) == 0:
                left = rng.choice(self.of("c"))
                if left not in [x[2] for x in listed]:
                    listed.append((2, 2, left))
        elif how == "t":
            sort, step = rng.choice((4, 4, 4, 1)), "commissioning"
            names = rng.sample(self.of("ilc"), 2)
            listed.append((5, rng.choice((0, 0, 0, 1)), names[0]))
            if rng.randrange(5):
                listed.append((4, rng.choice((0, 0, 0, 1)), names[1]))
            for t in self.of("t")[:1]:
                if rng.randrange(2):
                    listed.append((6, rng.choice((0, 0, 0, 1)), t))
                    transformation = rng.randrange(5) > 0
                    if rng.randrange(3) == 0:
                        listed = listed[1:]
        elif how == "d" and self.made and rng.randrange(3):
            return self.declare(rng.choice(self.made))
        else:
            sort, flags = 1, rng.choice((1, 2, 2, 6))
            kind = rng.choice((1, 1, 1, 9, 18, 57))
            step = "inspecting" if kind == 1 else "statement"
            if kind != 1:
                flags, happened = 0, self.now
            listed.append((1, rng.choice((0, 0, 2)), rng.choice(self.names)))
        self.put(kind, flags, step, happened, sort, transformation, listed)

    def declare(self, of):
        if of["declared"] or of["kind"] != 1:
            return
        of["declared"] = True
        marks = [(role, 4 if mode in (1, 4) else 3, s, number) for role, mode, s, number in of["listed"]]
        self.put(1, 4, "", self.now, 1, False, marks)

    def put(self, kind, flags, step, happened, sort, transformation, listed):
        rng = self.rng
        who = rng.choice(MEMBERS)
        out, entries = b"", []
        for role, mode, s, *voided in listed:
            chain = (s, mode in (1, 4))
            number = self.seen[chain] = self.seen.get(chain, 0) + 1
            out += bytes([role, mode]) + stranger.lp(s.encode()) + stranger.varint(number) + stranger.varint(0)
            out += stranger.varint(voided[0]) if voided else b""
            entries.append((role, mode, s, number))
        event = b"\x08" + stranger.varint(sort) + (b"\x92\x01\x02id" if transformation else b"")
        action = stranger.tlv(1, event) if kind == 1 else stranger.tlv(kind, b"")
        if kind == 1 and rng.randrange(8) == 0:
            # Fields before it: passed over, of another wire type, or what nobody can read.
            odd = rng.choice((b"\x18\x04", b"\x0a\x01x", b"\x09" + bytes(8), b"\x90\x01\x04", b"\x1a\x02\x08\x04",
                              b"\x0b", b"\x1e", b"\x08\x02", b"\x92\x01\0"))
            action = stranger.tlv(1, odd + event) if rng.randrange(2) else odd + action
        record = (b"R\x01" + stranger.varint(7) + stranger.zigzag(self.now) + b"\0" + stranger.varint(len(self.made))
                  + stranger.lp(who.encode()) + bytes(32) + bytes(16) + bytes([kind]) + bytes(32)
                  + stranger.varint(len(listed)) + out + stranger.lp(action))
        # An entry that an unpacking did not name carries flag 16.
        for role, mode, s, number, *_ in [e for e in entries if e[1] in (0, 2, 3)]:
            e = dict(kind=kind, flags=flags | (16 if mode == 2 else 0), role=role, step=step, where="", who=who,
                     happened=happened, recorded=self.now, record=record, voids=0, digest=stranger.leaf(record))
            if mode == 3:
                voided = [x[3] for x in listed if x[2] == s and x[1] == 3][0]
                e.update(flags=132, kind=1, happened=self.now, voids=voided)
            self.history[s].append(e)
        self.made.append(dict(kind=kind, happened=happened, listed=entries, declared=flags & 4 != 0))


def summary_of(e):
    v, z, lp = stranger.varint, stranger.zigzag, stranger.lp
    return (bytes([e["kind"], e["flags"], e["role"]]) + z(e["happened"]) + z(e["recorded"]) + lp(e["step"].encode())
            + lp(e["where"].encode()) + lp(e["who"].encode()) + (v(e["voids"]) if e["voids"] else b""))


def trie_root(leaves, depth=0):
    """state.md: leaves are (key hash, leaf hash)."""
    if not leaves:
        return bytes(32)
    if len(leaves) == 1:
        return leaves[0][1]
    sides = [[x for x in leaves if x[0][depth >> 3] >> 7 - (depth & 7) & 1 == side] for side in (0, 1)]
    return stranger.node(trie_root(sides[0], depth + 1), trie_root(sides[1], depth + 1))


def trie_path(leaves, key):
    siblings, depth = [], 0
    while len(leaves) > 1:
        side = key[depth >> 3] >> 7 - (depth & 7) & 1
        sides = [[x for x in leaves if x[0][depth >> 3] >> 7 - (depth & 7) & 1 == s] for s in (0, 1)]
        siblings.append(trie_root(sides[1 - side], depth + 1))
        leaves, depth = sides[side], depth + 1
    bits = "".join("1" if s != bytes(32) else "0" for s in siblings)
    bits += "0" * (-len(bits) % 8)
    return bytes([depth]) + bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8)) + b"".join(
        s for s in siblings if s != bytes(32))


def consistency(old, leaves, whole=True):
    """RFC 6962, 2.1.2: what shows that the log of these leaves continues its first `old`."""
    n = len(leaves)
    if old == n:
        return [] if whole else [stranger.merkle(leaves)]
    k = stranger.split(n)
    if old <= k:
        return consistency(old, leaves[:k], whole) + [stranger.merkle(leaves[k:])]
    return consistency(old - k, leaves[k:], False) + [stranger.merkle(leaves[:k])]


def range_proof(first, n, leaves, at=0):
    """receipt.md: the hashes beside the records `first` to `first + n - 1`."""
    if at >= first + n or at + len(leaves) <= first:
        return [stranger.merkle(leaves)]
    if len(leaves) == 1:
        return []
    k = stranger.split(len(leaves))
    return range_proof(first, n, leaves[:k], at) + range_proof(first, n, leaves[k:], at + k)


class Chain:
    """A chain of two validators whose keys are known, so that its proofs can be made, changed and signed again."""

    def __init__(self):
        v, z, lp = stranger.varint, stranger.zigzag, stranger.lp
        keys = [Signer(b"validator %d" % i) for i in range(2)]
        keys.sort(key=lambda k: stranger.sha(k.public)[:20])
        self.validators = keys
        self.next = [Signer(b"next %d" % i) for i in range(2)]
        self.later, self.partners = Signer(b"later"), [Signer(b"partner %d" % i) for i in range(3)]
        self.partners.sort(key=lambda k: k.public)
        self.signers = {k.public: k for k in self.validators + self.next + self.partners + [self.later]}
        self.rest = b"".join(stranger.sha(k.public) for k in self.next) + hashlib.sha256(b"state").digest()
        self.core = (lp(b"stranger-1") + v(1) + z(1764000000) + v(0) + v(1) + v(2)
                     + b"".join(k.public + v(10) for k in keys) + stranger.sha(b"ARGOSYR1", self.rest))
        self.fingerprint = stranger.sha(b"ARGOSYG1", self.core)
        self.leaves = [hashlib.sha256(b"record %d" % i).digest() for i in range(40)]

    def epochs(self, n, after=None):
        """n statements: the first validator's key is replaced, then another resumed, then replaced once more; `after`
        is the key that may replace a new one in turn."""
        v, lp = stranger.varint, stranger.lp
        out, now = v(n) + (self.rest if n else b""), [k.public for k in self.validators]
        order = lambda key: stranger.sha(key)[:20]
        for i in range(n):
            old = now[0] if i != 1 else now[1]
            new = {0: self.next[0].public, 2: None}.get(i)
            if i == 2:
                old = next(k for k in now if k == self.validators[1].public)
                new = self.next[1].public
            signer = self.signers[new or old]
            statement = (v(i + 2) + (b"\2" if new is None else b"\1") + v(3 + 2 * i) + v(2 + i) + bytes(32)
                         + v(now.index(old)) + (new + stranger.sha((after or self.later).public) if new else b""))
            if new:
                now[now.index(old)] = new
                now.sort(key=order)
            out += lp(statement) + signer.sign(b"argosy/epoch/1\0" + self.fingerprint + statement)
        return out

    def head(self, epochs=0, leaves=None, above=9, nanos=123456789, after=None):
        v, z, lp = stranger.varint, stranger.zigzag, stranger.lp
        leaves = self.leaves if leaves is None else leaves
        siblings = b"".join(hashlib.sha256(bytes([i])).digest() for i in range(5))
        # Two signatures, put right by fit().
        votes = b"".join(v(0) + z(5 - i) + hashlib.sha512(bytes([i])).digest() for i in range(2))
        return (lp(self.core) + self.epochs(epochs, after) + v(above) + z(800000) + v(nanos) + siblings + v(0) + v(1)
                + bytes(32) + v(2) + votes + v(len(leaves)) + stranger.merkle(leaves))

    def witnesses(self, rng, state_root, log=(), older=()):
        """Of this very head, and of older ones with logs of so many records. Put right by fit()."""
        v, lp = stranger.varint, stranger.lp
        out = []
        for i, k in enumerate(self.partners[:rng.randrange(3)]):
            back = rng.choice((0, 3, 5)) if older else 0
            size = rng.choice(older[:5]) if older else 0
            how = rng.choice((1, 2))
            seen = hashlib.sha256(b"header").digest() + v(size) + stranger.merkle(log[:size]) + (
                state_root if how == 2 else b"") if back else b""
            out.append(k.public + lp(b"Partner %d" % i) + bytes([how]) + v(back) + seen
                       + hashlib.sha512(b"w%d" % i).digest())
        return v(len(out)) + b"".join(out)

    def head_file(self, rng):
        root = hashlib.sha256(b"state root").digest()
        return self.fit(b"ARH\x01" + self.head(rng.randrange(4)) + root + self.witnesses(rng, root))

    def receipt(self, rng, records, **head):
        v, lp = stranger.varint, stranger.lp
        before = self.leaves[:rng.randrange(30)]
        leaves = head.pop("leaves", None) or (
            before + [stranger.leaf(r) for r in records] + self.leaves[:rng.randrange(10)])
        before = leaves[:leaves.index(stranger.leaf(records[0]))]
        proof = range_proof(len(before), len(records), leaves)
        signed = self.head(rng.randrange(2), leaves, **head) + hashlib.sha256(b"state root").digest()
        return self.fit(b"ARR\x01" + signed + v(len(before)) + v(len(records)) + b"".join(map(lp, records))
                        + v(len(proof)) + b"".join(proof))

    def fit(self, data):
        return fit(data, self.signers)

    def bundle(self, world, subjects, records, rng=None, **top):
        """subjects: names, the first is what it is about; records: (name, number from 1). Signed."""
        v, z, lp = stranger.varint, stranger.zigzag, stranger.lp
        second, ms = 1764800000, 1764800000123
        words = set(subjects)
        for s in subjects:
            words |= {e["who"] for e in world.history[s]} | {"leafco"}
        words = sorted(w.encode() for w in words)
        number = {w.decode(): i for i, w in enumerate(words)}
        out, before = v(len(words)), b""
        for w in words:
            shared = len(os.path.commonprefix([w, before]))
            out += v(shared) + lp(w[shared:])
            before = w
        rows = {}
        for s in world.names:
            head = bytes(32)
            for e in world.history[s]:
                head = stranger.sha(b"argosy/history/1", head, e["digest"], summary_of(e))
            names = [b"leafco", b"leafco", b"", b""]
            last = 5 if world.history[s] else 0
            rows[s] = (head, last, b"S\x01" + v(len(world.history[s])) + head + v(last) + v(0)
                       + bytes([world.kinds[s], 0]) + b"".join(map(lp, names)) + v(0) * 3 + b"\0")
        leaves = []
        for s, (_, _, row) in rows.items():
            key = stranger.sha(b"s/", s.encode())
            leaves.append((key, stranger.sha(b"\x00", key, stranger.sha(row))))
        out += v(len(subjects))
        for s in subjects:
            head, last, _ = rows[s]
            out += v(number[s]) + b"\0" + head + v(last) + v(0) + bytes([world.kinds[s], 0])
            out += v(1 + number["leafco"]) * 2 + v(0) * 2 + v(0) * 3 + b"\0" + v(len(world.history[s]))
            happened, recorded = second * 1000, ms
            for i, e in enumerate(world.history[s]):
                plain = e["kind"] == 1 and e["flags"] < 4
                out += bytes([e["role"] | (e["flags"] & 3) << 3 | (0 if plain else 32)])
                out += b"" if plain else bytes([e["kind"], e["flags"] >> 2])
                out += v(i + 1 - e["voids"]) if e["voids"] else b""
                off = e["happened"] - happened
                zz = lambda n: n << 1 if n >= 0 else (-n << 1) - 1
                out += v(2 * zz(off) + 1 if off % 1000 else 2 * zz(off // 1000))
                out += v(e["recorded"] - recorded if i else recorded - e["recorded"])
                out += v(stranger.STEP_NUMBERS.get(e["step"], 0)) + v(0) + v(1 + number[e["who"]]) + e["digest"]
                happened, recorded = e["happened"], e["recorded"]
            out += trie_path(leaves, stranger.sha(b"s/", s.encode()))
        order = {s: i for i, s in enumerate(subjects)}
        places = sorted((order[s], n - 1) for s, n in records if s in order)
        out += v(len(places))
        for s, n in places:
            out += v(s) + v(n) + lp(world.history[subjects[s]][n]["record"])
        if rng and not top:
            top = {"epochs": rng.randrange(4)}
        signed, tail = self.head(**top), v(0) + v(0)
        if rng:
            log = top.get("leaves") or self.leaves
            older = sorted(rng.sample(range(1, len(log)), rng.choice((0, 1, 2, len(log) - 1))))
            tail = v(len(older))
            for size in older:
                path = consistency(size, log)
                tail += v(size) + stranger.merkle(log[:size]) + v(len(path)) + b"".join(path)
            tail += self.witnesses(rng, rows[subjects[0]][0], log, older)
        return self.fit(b"ARB\x01" + signed + out + tail)


def world_cases(rng, chain, n):
    """Bundles of random worlds: whole, with something left out, with something more."""
    for i in range(n):
        world = World(rng)
        every = [(s, k + 1) for s in world.names for k in range(len(world.history[s]))]
        first = rng.choice(world.names)
        # What the journey needs is taken from the stranger's closure over everything; argosy-verify has to agree.
        whole = stranger.Proof.__new__(stranger.Proof)
        whole.subjects, records = [], {}
        for s in [first] + [x for x in world.names if x != first]:
            subject = stranger.Subject.__new__(stranger.Subject)
            subject.id, subject.kind, subject.absent, subject.events = s.encode(), world.kinds[s], False, []
            for k, e in enumerate(world.history[s]):
                event = stranger.Event()
                event.__dict__.update(e, number=k + 1, mark=bool(e["voids"]), void_by=0, part=False)
                subject.events.append(event)
                if e["voids"]:
                    subject.events[e["voids"] - 1].void_by = k + 1
                records[s.encode(), k + 1] = stranger.Record(e["record"])
            whole.subjects.append(subject)
        journey = stranger.Journey(whole.subjects, records)
        needed = [s for s in world.names if s != first and s.encode() in journey.parts]
        rng.shuffle(needed)
        used = sorted((s.decode(), k) for s, k in journey.asked)
        what = f"world {i}"
        yield f"{what}, whole", chain.bundle(world, [first] + needed, used), chain.fingerprint
        yield f"{what}, every record", chain.bundle(world, [first] + needed, every), chain.fingerprint
        yield f"{what}, alone", chain.bundle(world, [first], used), chain.fingerprint
        if needed:
            gone = rng.choice(needed)
            yield (f"{what}, without {gone}",
                   chain.bundle(world, [first] + [s for s in needed if s != gone], used), chain.fingerprint)
        if used:
            gone = rng.choice(used)
            yield (f"{what}, without the record {gone}",
                   chain.bundle(world, [first] + needed, [x for x in used if x != gone]), chain.fingerprint)
        others = [s for s in world.names if s != first and s not in needed]
        if others:
            yield (f"{what}, with {others[0]}", chain.bundle(world, [first] + needed + others[:1], every),
                   chain.fingerprint)


def fitted_cases(rng, chain, n):
    """Mutations of small bundles, heads and receipts with all that hashes and signatures say made to fit again."""
    sources = []
    while len(sources) < 60:
        world = World(rng)
        first = rng.choice(world.names)
        if world.history[first]:
            records = [(first, k + 1) for k in range(len(world.history[first])) if rng.randrange(3)]
            sources.append(chain.bundle(world, [first], records, rng))
            sources.append(chain.receipt(rng, [rng.choice(world.history[first])["record"], ][:1]))
            sources.append(chain.head_file(rng))
    sources.append(chain.receipt(rng, [record_of(40, i) for i in range(3)]))
    for data in sources:
        if stranger.Proof(data, chain.fingerprint).head.genesis.chain != "stranger-1":
            fail("a source is of another chain")
        yield "a source", data, chain.fingerprint
    for i in range(n):
        data = chain.fit(mutate(rng, rng.choice(sources)))
        try:
            r = stranger.Reader(data)
            r.take(4)
            fingerprint = stranger.sha(b"ARGOSYG1", r.lp()) if rng.randrange(2) else chain.fingerprint
        except stranger.Refused:
            fingerprint = chain.fingerprint
        yield f"fitted {i}", data, fingerprint


def evidence_pairs(rng, chain, n):
    """Two proofs of one chain, of which one has a history, a log, a time or an epoch changed."""
    while n:
        world, other = World(rng), None
        first = rng.choice([s for s in world.names if world.history[s]] or [None])
        if not first:
            continue
        n -= 1
        other = copy.deepcopy(world)
        events = other.history[first]
        how = rng.choice(("same", "more", "step", "mark", "less", "nanos", "log", "epochs", "time"))
        if how == "more":
            other.now += 1000
            other.one()
        elif how == "step":
            events[-1]["step"] = "loading"
        elif how == "mark":
            # The same record, and another event declared in error by it.
            for w, voids in ((world, 1), (other, rng.choice((1, 2)))):
                events = w.history[first]
                while len(events) < 2:
                    events.append(dict(events[0]))
                events.append(dict(events[0], flags=132, kind=1, step="", happened=w.now, recorded=w.now, voids=voids))
        elif how == "less" and len(events) > 1:
            events.pop()
        elif how == "time":
            events[0]["happened"] += 1
        one = {"above": 9, "nanos": 123456789, "epochs": rng.choice((0, 0, 1, 2, 3))}
        two = dict(one, above=rng.choice((9, 10, 8)), nanos=123456789 + (how == "nanos") * rng.choice((-1, 1)))
        if how == "epochs":
            two["epochs"] = rng.choice((0, 1, 2, 3))
            two["after"] = rng.choice((None, chain.partners[0]))
        if how == "log" or rng.randrange(3) == 0:
            two["leaves"] = rng.choice((chain.leaves[:30], chain.leaves + [bytes(32)], chain.leaves[1:],
                                        [bytes(32)] + chain.leaves[:20]))
        a = chain.bundle(world, [first], [], **one)
        b = chain.bundle(other, [first], [], rng, **two)
        if rng.randrange(3) == 0:
            record = world.history[first][-1]["record"]
            at = rng.randrange(len(chain.leaves))
            leaves = chain.leaves[:at] + [stranger.leaf(record)] + chain.leaves[at + 1:]
            # The heads differ in height, else it is two headers of one.
            two["above"] = one["above"] + rng.choice((-1, 1))
            if rng.randrange(4):
                two["leaves"] = leaves + ([bytes(32)] if two["above"] > 9 and rng.randrange(2) else [])
                b = chain.bundle(other, [first], [], rng, **two)
            a = chain.receipt(rng, [record], leaves=leaves, above=one["above"], nanos=one["nanos"])
        yield (how, a, b) if rng.randrange(2) else (how, b, a)


def judge_evidence(judges, pairs):
    found = collections.Counter()
    paths = [os.path.join(judges.folder, x) for x in ("a", "b")]
    for how, *both in pairs:
        for path, data in zip(paths, both):
            with open(path, "wb") as f:
                f.write(data)
        done = subprocess.run([judges.verifier, "evidence"] + paths + ["--json"], stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, env=judges.environment, timeout=SECONDS_MAX)
        ours = json.loads(done.stdout)["conflict"]
        try:
            theirs = stranger.conflict(*(stranger.Proof(d, None) for d in both))
        except stranger.Refused:
            theirs = "unknown"
        found[ours] += 1
        if ours != theirs:
            kept = os.path.join(tempfile.gettempdir(), f"argosy-stranger-{os.getpid()}-{len(judges.differences)}-")
            for path, name in zip(paths, "ab"):
                shutil.copy(path, kept + name)
            judges.differences.append(f"evidence ({how}): argosy-verify says {ours}, verify.py {theirs} [{kept}a, b]")
    return found


def main():
    programs = os.path.abspath(sys.argv[1])
    asked = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("ARGOSY_SEED")
    seed = int(asked) if asked else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="argosy-stranger-") as folder:
        judges = Judges(programs, folder)
        good = judge_vectors(judges)
        good += judge_demo(judges, programs)
        judges.count.clear()
        chain = Chain()
        rng, conflicts = random.Random(seed), collections.Counter()
        # What is larger is mutated more often, and what argosy-verify judges at once has one fingerprint.
        weights = [len(d) for _, d, _ in good]
        for lap in range(times):
            cases = []
            for name, data, fingerprint in rng.choices(good, weights, k=MUTATIONS):
                cases.append((f"a mutation of {name}", mutate(rng, data), fingerprint))
            judges.judge(cases)
            judges.judge(list(fitted_cases(rng, chain, FITTED)))
            judges.judge(list(world_cases(rng, chain, WORLDS)))
            conflicts += judge_evidence(judges, evidence_pairs(rng, chain, PAIRS))
        for what in judges.differences[:60]:
            print("  " + what)
        if judges.differences:
            fail(f"{len(judges.differences)} of {judges.count['judged']} are judged otherwise, seed {seed}")
        print(f"row stranger: {judges.count['judged']} proofs judged alike by a second verifier,"
              f" {judges.count['accepted']} accepted, {len(judges.reasons) - 1} reasons to refuse;"
              f" {sum(conflicts.values())} pairs, {len(conflicts)} verdicts;"
              f" {sum(judges.other_reason.values())} named another fault of the same element;"
              f" {time.monotonic() - begin:.0f} s, seed {seed}")


main()
