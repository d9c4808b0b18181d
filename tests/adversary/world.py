"""world: a node with default settings, members with keys of their own, and eve, an adversary with an ordinary
member's key. She signs what no command would make: the wire format is written here once more, by hand.

Work and size are told in counts (units, rows, bytes, blocks), never by a clock.
"""
import ctypes
import ctypes.util
import hashlib
import http.client
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "model"))
from door import Door, WAIT_SECONDS  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MEMBERS = {"anna": "supplier", "bert": "carrier", "carl": "merchant", "dora": "customs", "eve": "carrier"}
UNITS_OF_TX, UNITS_OF_BLOCK, ROWS_OF_ACTION = 65536, 262144, 20200  # docs/format/transaction.md, "Work"
TX_MOST = UNITS_OF_TX + ROWS_OF_ACTION  # a transaction stops at its bound; what it had in hand is an action's at most

sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")


class Worked(Exception):
    """The attack did what it must not."""


def check(good, what):
    if not good:
        raise Worked(what)


# ---- wire ----

def varint(n):
    out = bytearray()
    n &= (1 << 64) - 1
    while n >= 128:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def lp(b):
    return varint(len(b)) + b


def msg(**fields):
    """A message: f3="text", f4=7, f5=[...]: in the order of the numbers; what is empty is left out."""
    out = b""
    for name, value in sorted(fields.items(), key=lambda f: int(f[0][1:])):
        for v in value if isinstance(value, list) else [value]:
            if isinstance(v, str):
                v = v.encode()
            if isinstance(v, bytes):
                out += varint(int(name[1:]) << 3 | 2) + lp(v) if v or isinstance(value, list) else b""
            elif v:
                out += varint(int(name[1:]) << 3) + varint(int(v))
    return out


ACTS = {"event": 1, "register_product": 3, "register_location": 4, "register_prefix": 5, "define_lot": 6,
        "issue_credential": 7, "revoke_credential": 8, "offer_custody": 9, "accept_custody": 10, "decline_custody": 11,
        "grant_step": 12, "revoke_grant": 13, "admit_member": 14, "set_member": 15, "add_key": 16, "revoke_key": 17,
        "disown_key": 18, "attach": 19, "erase_attachment": 20, "statement": 21, "arbitrate_range": 40}


def act(kind, **fields):
    """An encoded Action. An empty act stands there all the same."""
    return varint(ACTS[kind] << 3 | 2) + lp(msg(**fields))


ADD, OBSERVE, DELETE = 1, 2, 3


def event(type=1, action=OBSERVE, epcs=(), parent="", children=(), inputs=(), outputs=(), step="", id="", error=None,
          time="2026-11-01T10:00:00.000Z", where="", **more):
    """An Event as an Action; `error` is the day in November of its declaration."""
    fields = dict(f1=type, f2=time, f3="+00:00", f5=id, f8=action, f9=parent, f10=list(epcs), f12=list(children),
                  f14=list(inputs), f16=list(outputs), f19=step)
    if error:
        fields["f6"] = msg(f1=f"2026-11-{error:02d}T10:00:00.000Z", f2="incorrect_data")
    if where:
        fields["f23"] = msg(f1=where)
    return act("event", **{**fields, **more})


def observed(*epcs, step="inspecting", **more):
    return event(epcs=epcs, step=step, **more)


def packed(parent, *children, step="packing", **more):
    return event(2, ADD, parent=parent, children=children, step=step, **more)


def unpacked(parent, *children, step="unpacking", **more):
    return event(2, DELETE, parent=parent, children=children, step=step, **more)


# ---- keys ----

class Key:
    def __init__(self, seed):
        self.seed = hashlib.sha256(seed.encode()).digest()
        self.public, self.secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
        sodium.crypto_sign_seed_keypair(self.public, self.secret, self.seed)
        self.public = self.public.raw

    def sign(self, message):
        out = ctypes.create_string_buffer(64)
        sodium.crypto_sign_detached(out, None, message, ctypes.c_ulonglong(len(message)), self.secret)
        return out.raw

    def save(self, path, name):
        if os.path.exists(path):
            os.unlink(path)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
            f.write(f"argosy-key 1\nkind: agent\nname: {name}\npublic: {self.public.hex()}\n"
                    f"created: 2026-11-01T00:00:00Z\nseed: {self.seed.hex()}\n")
        return path


class World(Door):
    """The node. Keys lie open in files, so that no passphrase has to be derived: how a key lies is its owner's matter."""

    def __init__(self, programs, folder, members=MEMBERS, seed="w"):
        self.seed, self.ids, self.named = seed, 0, 0
        self.signers = {}
        keys = os.path.join(folder + "-keys")
        os.makedirs(keys, exist_ok=True)
        for m in members:
            for kind in ("person", "agent"):
                self.signers[m, kind] = Key(f"{seed}/{m}/{kind}")
                self.signers[m, kind].save(os.path.join(keys, f"{m}.{kind}.key"), m)
        super().__init__(programs, folder, keys, list(members))
        for m, role in members.items():
            if role != "carrier":
                self.must("member", "set", m, "--role", role)

    # ---- names ----

    def fresh(self, what="thing"):
        self.named += 1
        return f"https://goods.example.org/{self.seed}/{what}/{self.named}"

    def many(self, n, what="item"):
        """Short ones, so that many fit into a transaction."""
        self.named += 1
        return [f"x:{self.seed}{self.named}/{what}/{i}" for i in range(n)]

    # ---- transactions ----

    def body(self, member, actions, id=None, chain=None, expires_ms=None, source=""):
        if id is None:
            self.ids += 1
            id = hashlib.sha256(f"{self.seed}/{self.ids}/{time.time_ns()}".encode()).digest()[:16]
        if expires_ms is None:
            expires_ms = int(time.time() * 1000) + 3600 * 1000
        return msg(f1=chain or self.chain(), f2=member, f3=id, f4=expires_ms, f5=list(actions), f6=source)

    def chain(self):
        if not hasattr(self, "chain_id"):
            self.chain_id = self.http("GET", "/v1/status")["chain_id"]
        return self.chain_id

    def sealed(self, member, actions, person=False, cosigners=(), context=b"argosy/tx/1", fingerprint=None, **more):
        """A signed Transaction."""
        body = self.body(member, actions, **more)
        signed = context + b"\0" + (fingerprint or bytes.fromhex(self.genesis)) + body
        keys = [person if isinstance(person, Key) else self.signers[member, "person" if person else "agent"], *cosigners]
        return msg(f1=body, f2=[msg(f1=k.public, f2=k.sign(signed)) for k in keys])

    def send(self, *transactions, path="/v1/transactions"):
        """Many as one submission: the answers."""
        return self.http("POST", path, b"".join(lp(t) for t in transactions), "application/x-protobuf;many")["answers"]

    def says(self, member, *actions, **more):
        """One transaction: its answer."""
        return self.send(self.sealed(member, actions, **more))[0]

    def verdict(self, member, *actions, **more):
        return self.says(member, *actions, **more)["verdict"]

    def does(self, member, *actions, **more):
        """What must go well before the attack."""
        a = self.says(member, *actions, **more)
        if a["verdict"] != "ok":
            raise RuntimeError(f"setting up, {member}: {a}")
        return a

    def outcome(self, member, action, name, **more):
        """What became of one act about one thing: "history", "claim", "nothing", or the verdict."""
        was = self.item(name) or {"events": 0, "claims": 0}
        verdict = self.verdict(member, action, **more)
        now = self.item(name) or {"events": 0, "claims": 0}
        if verdict != "ok":
            check(now["events"] == was["events"] and now["claims"] == was["claims"], f"refused, {verdict}, and recorded")
            return verdict
        return "history" if now["events"] > was["events"] else "claim" if now["claims"] > was["claims"] else "nothing"

    def used(self, member):
        q = self.http("GET", "/v1/members/" + member)["quota"]
        return q["hour"], q["used"]

    def charged(self, member, act):
        """The units that it cost him; what began in one hour and ended in the next: those of the second."""
        hour, used = self.used(member)
        out = act()
        now, after = self.used(member)
        return out, after - used if now == hour else after

    # ---- raw HTTP ----

    def raw(self, method, path, body=None, headers=None):
        """(status, bytes), whatever it is."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        try:
            c.request(method, path, body, headers or {})
        except BrokenPipeError:
            pass  # it had heard enough
        r = c.getresponse()
        text = r.read()
        c.close()
        return r.status, text

    def alive(self):
        return self.daemon.poll() is None and self.raw("GET", "/livez")[0] == 200

    # ---- proofs ----

    def bundle(self, name, *more):
        self.named += 1
        path = os.path.join(self.folder, f"{self.named}.bundle")
        self.must("prove", name, "-o", path, *more)
        return path

    def judged(self, path, *more, genesis=None):
        """argosy-verify's verdict: (exit code, what it says)."""
        done = self.run("argosy-verify", path, "--genesis", genesis or self.genesis, "--json", *more)
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else {"stderr": done.stderr}

    def journey(self, name):
        code, said = self.judged(self.bundle(name, "--journey"))
        check(code == 0, f"the journey is refused: {said}")
        return said

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb" if isinstance(content, bytes) else "w") as f:
            f.write(content)
        return path


def vector(name):
    return os.path.join(ROOT, "tests", "vectors", name)


def vectors():
    with open(vector("table.tsv"), encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f][1:]
    return {r[0]: dict(zip(("file", "reason", "fingerprint", "options", "facts", "what"), r)) for r in rows}
