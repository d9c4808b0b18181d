#!/usr/bin/python3
"""verify.py: a second verifier of Argosy's proofs, written from docs/format alone.

  verify.py FILE... --genesis FINGERPRINT|@FILE [--head FILE] [--witness KEY|@FILE|HEADFILE]... [--json]
  verify.py evidence A B --genesis FINGERPRINT|@FILE [--head BUNDLE] [--json]

FILE is a bundle, a head file, a receipt, or the text of a QR code. Exit codes and names of reasons
are those of argosy-verify: 0 verified, 4 refused, 3 no such file, 2 wrong usage; of evidence 0 the
two contradict each other, 5 they do, but the chain was resumed in between, 1 they do not or it is
open, 4 one of them does not verify or they are of two chains.

It shares no code with the C verifier and is here so that the formats are what is written, not what
one program does. It takes this one file, Python 3.9, and PyNaCl (Debian: python3-nacl). Comments name
the page that a rule is from. It has no bound on its work: where the C one gives up ("limit: 20
million steps") this one goes on.
"""
import base64
import hashlib
import json
import os
import re
import sys
from datetime import datetime, timedelta, timezone

import nacl.bindings
import nacl.exceptions

U64 = 1 << 64
I64_MAX = (1 << 63) - 1
FOREVER = 1 << 70  # beyond every time
FILE_MAX, TEXT_MAX = 16 << 20, 28 << 20

# bundle.md "Event"
STEPS = (
    "accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting"
    " decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting"
    " installing killing loading other packing picking receiving removing repackaging repairing replacing reserving"
    " retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting"
    " unloading unpacking void_shipping document register_product register_location register_prefix define_lot"
    " issue_credential revoke_credential offer_custody accept_custody decline_custody grant_step revoke_grant"
    " admit_member set_member add_key revoke_key disown_key attach erase_attachment statement").split()
assert len(STEPS) == 61
STEP_NUMBERS = {s: i + 1 for i, s in enumerate(STEPS)}
TRANSFORMATION, AGGREGATION, ASSOCIATION = 4, 2, 5
PARENT, CHILD, INPUT, OUTPUT, ABOUT = 2, 3, 4, 5, 6
ADD, DELETE = 1, 3
MARK = 4 | 128


class Refused(Exception):
    def __init__(self, reason, detail=""):
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


def need(holds, reason, detail=""):
    if not holds:
        raise Refused(reason, detail)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def node(left, right):
    return sha(b"\x01", left, right)


def leaf(data):
    return sha(b"\x00", data)


def signed_by(key, message, signature):
    """block.md "Signatures": the rules are libsodium's, and libsodium judges."""
    try:
        nacl.bindings.crypto_sign_open(signature + message, key)
        return True
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False


# ---------------------------------------------------------------- encodings (README.md)


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def zigzag(n):
    return varint(n << 1 if n >= 0 else (-n << 1) - 1)


def unzigzag(n):
    return n >> 1 if n & 1 == 0 else -(n + 1 >> 1)


def lp(data):
    return varint(len(data)) + data


class Reader:
    """Reads one encoding; whatever is not one is refused for `reason`."""

    def __init__(self, data, reason="format"):
        self.data, self.at, self.reason = data, 0, reason

    def fail(self, detail):
        raise Refused(self.reason, detail)

    def left(self):
        return len(self.data) - self.at

    def take(self, n):
        if n > self.left():
            self.fail("it ends too early")
        self.at += n
        return self.data[self.at - n:self.at]

    def u8(self):
        return self.take(1)[0]

    def varint(self):
        n = shift = 0
        while True:
            b = self.u8()
            n |= (b & 127) << shift
            if b < 128:
                break
            shift += 7
            if shift > 63:
                self.fail("a varint of more than 64 bits")
        if n >= U64 or (b == 0 and shift):
            self.fail("a varint that is too long")
        return n

    def zigzag(self):
        return unzigzag(self.varint())

    def lp(self):
        return self.take(self.varint())

    def end(self):
        if self.left():
            self.fail("something stands after its end")


def tlv(number, data):
    """A protobuf field of bytes."""
    return varint(number << 3 | 2) + lp(data)


def plain(data):
    """Is it UTF-8 without control characters (C0, DEL, C1)?"""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(c < "\x20" or "\x7f" <= c <= "\x9f" for c in text)


def text(data):
    """Is it a member's or subject's id: 1 to 480 bytes of UTF-8 without NUL?"""
    try:
        return 1 <= len(data) <= 480 and "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


# ---------------------------------------------------------------- Merkle trees (log.md)


def split(n):
    return 1 << (n - 1).bit_length() - 1


def merkle(leaves):
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(merkle(leaves[:k]), merkle(leaves[k:]))


def consistent(old_size, old_root, size, root, path):
    """RFC 9162, 2.1.4.2."""
    if not 1 <= old_size < size or not path:
        return False
    path = list(path)
    if old_size & old_size - 1 == 0:
        path.insert(0, old_root)
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == root


# ---------------------------------------------------------------- the signed head


class Validator:
    def __init__(self, key, power, next_key=None):
        self.key, self.power, self.next_key = key, power, next_key

    def order(self):
        return (-self.power, sha(self.key)[:20])


class Genesis:
    """genesis.md; `core` is without its first eight bytes, as a bundle has it."""

    def __init__(self, core, fingerprint):
        self.fingerprint = sha(b"ARGOSYG1", core)
        need(fingerprint is None or self.fingerprint == fingerprint, "fingerprint")
        r = Reader(core, "genesis")
        chain = r.lp()
        need(re.fullmatch(rb"[a-z0-9._-]{1,50}", chain), "genesis", "the chain's id")
        self.chain = chain.decode()
        self.app = r.varint()
        need(self.app == 1, "version", f"app version {self.app}")
        self.seconds, self.nanos = r.zigzag(), r.varint()
        need(abs(self.seconds) <= 1 << 40 and self.nanos < 10**9, "genesis", "its time")
        self.initial = r.varint()
        need(1 <= self.initial <= I64_MAX, "genesis", "its first height")
        n = r.varint()
        need(1 <= n <= 100, "genesis", "number of validators")
        self.validators = []
        for _ in range(n):
            key = r.take(32)
            self.validators.append(Validator(key, r.varint()))
        need(all(v.power >= 1 for v in self.validators), "genesis", "a validator without power")
        need(sum(v.power for v in self.validators) <= I64_MAX // 8, "genesis", "too much power")
        need(len({v.key for v in self.validators}) == n, "genesis", "a key twice")
        orders = [v.order() for v in self.validators]
        need(orders == sorted(orders), "genesis", "validators out of order")
        self.rest = r.take(32)
        r.end()


class Epoch:
    def __init__(self, statement, signature):
        self.statement, self.signature = statement, signature
        r = Reader(statement)
        self.number = r.varint()
        self.kind = r.u8()
        need(self.kind in (1, 2), "version", f"an epoch of kind {self.kind}")
        self.first, self.last, self.last_hash, self.index = r.varint(), r.varint(), r.take(32), r.varint()
        if self.kind == 1:
            self.new_key, self.next_key = r.take(32), r.take(32)
        r.end()


def timestamp(nanos):
    """A protobuf Timestamp: what is 0 is not written, seconds below 0 in two's complement."""
    seconds, rest = divmod(nanos, 10**9)
    return (b"\x08" + varint(seconds % U64) if seconds else b"") + (b"\x10" + varint(rest) if rest else b"")


class Head:
    """bundle.md "Signed head". The header's hash is known only with the state root: finish()."""

    def __init__(self, r, fingerprint):
        g = self.genesis = Genesis(r.lp(), fingerprint)
        self.validators = [Validator(v.key, v.power) for v in g.validators]
        self.validator_keys = {v.key for v in g.validators}
        self.epochs = []
        n = r.varint()
        need(n <= 64, "limit", f"{n} epochs")
        if n:
            nexts = [r.take(32) for _ in g.validators]
            need(sha(b"ARGOSYR1", *nexts, r.take(32)) == g.rest, "epoch", "not the next keys of the genesis")
            for v, next_key in zip(self.validators, nexts):
                v.next_key = next_key
        for _ in range(n):
            statement = r.lp()
            self.apply(Epoch(statement, r.take(64)))
        self.height = g.initial + r.varint()
        need(self.height <= I64_MAX, "format", "the height")
        need(not self.epochs or self.epochs[-1].first <= self.height, "epoch", "an epoch after the head")
        off = r.zigzag()
        nanos = r.varint()
        need(abs(off) <= 1 << 40 and nanos < 10**9, "format", "the time")
        self.time = (g.seconds + off) * 10**9 + nanos
        self.siblings = [r.take(32) for _ in range(5)]
        self.round = r.varint()
        need(self.round < 1 << 31, "format", "the round")
        self.parts = r.varint()
        need(1 <= self.parts < 1 << 32, "format", "the parts")
        self.parts_hash = r.take(32)
        n = r.varint()
        need(1 <= n <= 100, "format", "number of signatures")
        self.signatures, index = [], -1
        for _ in range(n):
            index += 1 + r.varint()
            need(index < len(self.validators), "format", "a signature of nobody")
            off = r.zigzag()
            need(abs(off) <= 366 * 86400 * 10**9, "format", "a signature's time")
            self.signatures.append((index, self.time + off, r.take(64)))
        self.log_size, self.log_root = r.varint(), r.take(32)

    def apply(self, e):
        before = self.epochs[-1].first if self.epochs else 0
        need(e.number == len(self.epochs) + 2, "epoch", "numbers with a gap")
        need(e.index < len(self.validators) and max(e.first, e.last) <= I64_MAX, "format", "an epoch statement")
        need(before < e.first > e.last, "epoch", "heights out of order")
        v = self.validators[e.index]
        key = v.key
        if e.kind == 1:
            need(sha(e.new_key) == v.next_key, "epoch", "a key that was not committed to")
            key = e.new_key
        need(signed_by(key, b"argosy/epoch/1\x00" + self.genesis.fingerprint + e.statement, e.signature),
             "epoch", "the statement's signature")
        e.signer = key
        if e.kind == 1:
            need(e.new_key not in {w.key for w in self.validators}, "epoch", "a validator's key")
            v.key, v.next_key = e.new_key, e.next_key
            self.validators.sort(key=Validator.order)
            self.validator_keys.add(e.new_key)
        self.epochs.append(e)

    def finish(self, state_root):
        """block.md: the header over this state root, and the signatures of its commit."""
        g = self.genesis
        self.state_root = state_root
        self.app_hash = sha(b"argosy/app/1", self.log_size.to_bytes(8, "big"), self.log_root, state_root)
        h45, l6, h89, l11, h1213 = self.siblings
        validators = merkle([leaf(b"\x0a\x22\x0a\x20" + v.key + b"\x10" + varint(v.power)) for v in self.validators])
        l0 = leaf(b"\x08\x0b\x10" + varint(g.app))
        l1 = leaf(b"\x0a" + lp(g.chain.encode()))
        l2 = leaf(b"\x08" + varint(self.height))
        l3 = leaf(timestamp(self.time))
        l7 = leaf(b"\x0a\x20" + validators)
        l10 = leaf(b"\x0a\x20" + self.app_hash)
        self.hash = node(node(node(node(l0, l1), node(l2, l3)), node(h45, node(l6, l7))),
                         node(node(h89, node(l10, l11)), h1213))
        parts = b"\x08" + varint(self.parts) + b"\x12\x20" + self.parts_hash
        block_id = b"\x0a\x20" + self.hash + b"\x12" + lp(parts)
        power, self.signers = 0, []
        for index, when, signature in self.signatures:
            vote = b"\x08\x02\x11" + self.height.to_bytes(8, "little")
            if self.round:
                vote += b"\x19" + self.round.to_bytes(8, "little")
            vote += b"\x22" + lp(block_id) + b"\x2a" + lp(timestamp(when)) + b"\x32" + lp(g.chain.encode())
            v = self.validators[index]
            need(signed_by(v.key, lp(vote), signature), "signature", f"of validator {index}")
            power += v.power
            self.signers.append(v.key)
        need(3 * power > 2 * sum(v.power for v in self.validators), "power")


# ---------------------------------------------------------------- log records (record.md)


class Listed:
    """One entry of a record's list of subjects."""

    def __init__(self, r):
        self.role, self.mode = r.u8(), r.u8()
        need(1 <= self.role <= 6, "version", f"role {self.role}")
        need(self.mode <= 4, "version", f"mode {self.mode}")
        self.id = r.lp()
        self.number, self.before = r.varint(), r.varint()
        self.voided = r.varint() if self.mode >= 3 else 0

    def claim(self):
        return self.mode in (1, 4)


def protobuf_field(data, number, wanted):
    """The first field of that number and wire type, None if there is none, or what is before it cannot be read."""
    r = Reader(data)
    try:
        while r.left():
            tag = r.varint()
            wire = tag & 7
            if wire == 0:
                value = r.varint()
            elif wire == 1:
                value = r.take(8)
            elif wire == 2:
                value = r.lp()
            elif wire == 5:
                value = r.take(4)
            else:
                return None
            if (tag >> 3, wire) == (number, wanted):
                return value
    except Refused:
        pass
    return None


class Record:
    def __init__(self, data):
        self.digest = leaf(data)
        r = Reader(data, "record")
        need(r.u8() == ord("R"), "record")
        version = r.u8()
        need(version == 1, "version", f"a log record of version {version}")
        self.height, self.time = r.varint(), r.zigzag()
        self.tx_index, self.action_index = r.varint(), r.varint()
        self.member, self.key, self.tx_id = r.lp(), r.take(32), r.take(16)
        self.kind, self.event_hash = r.u8(), r.take(32)
        n = r.varint()
        need(n <= 40400, "record", f"{n} subjects")
        self.subjects = [Listed(r) for _ in range(n)]
        self.action = r.lp()
        r.end()
        # bundle.md "Record": two fields and no more.
        event = protobuf_field(self.action, 1, 2) or b""
        self.type = protobuf_field(event, 1, 0) or 0

    def judge(self):
        """receipt.md: what is shown of a record must be sound."""
        need(1 <= self.kind < 128, "version", f"act {self.kind}")
        for s in self.subjects:
            need(text(s.id) and s.number >= 1, "record", "a subject")
            need(s.mode < 3 or 1 <= s.voided < s.number, "record", "a mark of what is not before it")
        need(text(self.member) and self.height <= I64_MAX, "record", "its sender or height")


# ---------------------------------------------------------------- subjects and events (bundle.md)


class Event:
    pass


def read_event(r, head, strings, number, before):
    e = Event()
    e.number = number
    b = r.u8()
    need(b < 64, "format", "spare bits")
    e.role, action, more = b & 7, b >> 3 & 3, b >> 5
    e.kind, e.flags, e.voids = 1, action, 0
    if more:
        e.kind, f = r.u8(), r.u8()
        need(f < 64, "format", "spare bits")
        need(e.kind != 1 or f, "format", "kind and flags that go without saying")
        e.flags |= f << 2
    need(e.kind < 128, "version", f"act {e.kind}")
    need(1 <= e.role <= 6, "version", f"role {e.role}")
    if e.flags & 128:
        need(e.flags == MARK and e.kind == 1, "version", f"flags {e.flags}")
        back = r.varint()
        need(1 <= back < number, "format", "a mark of what is not before it")
        e.voids = number - back
    e.mark = bool(e.voids)
    n = r.varint()
    if n & 1:
        off = unzigzag(n >> 1)
        need(off % 1000, "format", "a time in milliseconds that is one in seconds")
    else:
        off = 1000 * unzigzag(n >> 1)
    later = r.varint()
    if before:
        e.happened, e.recorded = before.happened + off, before.recorded + later
    else:
        e.happened, e.recorded = head.time // 10**9 * 1000 + off, head.time // 10**6 - later
    for t in (off, later, e.happened, e.recorded):
        need(-I64_MAX - 1 <= t <= I64_MAX, "format", "a time beyond 64 bits")
    need(not e.mark or e.happened == e.recorded, "format", "a mark with two times")
    n = r.varint()
    need(n not in (62, 63), "version", f"step {n}")
    if n < 64:
        e.step = STEPS[n - 1].encode() if n else b""
    else:
        e.step = strings.get(n - 64)
        need(e.step.decode() not in STEP_NUMBERS, "format", "a step of the table as a string")
    e.where, e.who = strings.reference(r), strings.reference(r)
    need(not e.mark or not (e.step or e.where), "format", "a mark with step or place")
    e.digest = r.take(32)
    e.void_by, e.part = 0, False
    return e


def summary(e):
    """record.md "Summary"."""
    return (bytes([e.kind, e.flags, e.role]) + zigzag(e.happened) + zigzag(e.recorded) + lp(e.step) + lp(e.where)
            + lp(e.who) + (varint(e.voids) if e.mark else b""))


class Strings:
    def __init__(self, r):
        n = r.varint()
        need(n <= 20000, "limit", f"{n} strings")
        self.list, self.used, before = [], set(), b""
        for i in range(n):
            shared = r.varint()
            rest = r.lp()
            need(shared <= len(before), "format", "a string shares more than there is")
            s = before[:shared] + rest
            need(1 <= len(s) <= 480 and plain(s), "format", "a string")
            need(not i or s > before, "format", "strings out of order")
            need(shared == len(os.path.commonprefix([s, before])), "format", "a string that could share more")
            self.list.append(s)
            before = s

    def get(self, i):
        need(i < len(self.list), "format", "no such string")
        self.used.add(i)
        return self.list[i]

    def reference(self, r):
        n = r.varint()
        return self.get(n - 1) if n else b""


class Subject:
    def __init__(self, r, head, strings, taken, alone):
        self.number = r.varint()
        self.id = strings.get(self.number)
        need(self.number not in taken, "format", "a subject twice")
        taken.add(self.number)
        self.form = r.u8()
        need(self.form <= 2, "version", f"form {self.form}")
        self.events, self.absent = [], self.form != 0
        need(not self.absent or alone, "format", "absent among others")
        hashed = sha(b"s/", self.id)
        if self.form == 0:
            start = sha(b"\x00", hashed, sha(self.read_record(r, head, strings)))
        depth = r.u8()
        bitmap = r.take((depth + 7) // 8)
        bit = lambda data, i: data[i >> 3] >> 7 - (i & 7) & 1
        need(not any(bit(bitmap, i) for i in range(depth, 8 * len(bitmap))), "format", "spare bits")
        siblings = []
        for i in range(depth):
            siblings.append(r.take(32) if bit(bitmap, i) else bytes(32))
            need(not bit(bitmap, i) or siblings[-1] != bytes(32), "format", "an empty sibling that is written")
        if self.form == 1:
            start = bytes(32)
        elif self.form == 2:
            other = r.take(32)
            start = sha(b"\x00", other, r.take(32))
            need(other != hashed and all(bit(other, i) == bit(hashed, i) for i in range(depth)), "state",
                 "the other key does not stand in its place")
        for i in range(depth - 1, -1, -1):
            start = node(siblings[i], start) if bit(hashed, i) else node(start, siblings[i])
        self.root = start

    def read_record(self, r, head, strings):
        """The events, and the bytes of the subject's row (record.md "Subject")."""
        history, last = r.take(32), r.varint()
        self.claims = r.varint()
        claims = r.take(32) + varint(r.varint()) if self.claims else b""
        self.kind, self.flags = r.u8(), r.u8()
        need(self.kind < 128 and self.flags < 128, "version", "a subject's kind or flags")
        names = [strings.reference(r) for _ in range(4)]
        self.owner, self.holder, self.offered_to, self.container = names
        place = varint(r.varint()) + varint(r.varint()) + varint(r.varint()) + bytes([r.u8()])
        n = r.varint()
        need(n <= 1000000, "format", f"{n} events")
        running, before = bytes(32), None
        for i in range(n):
            before = read_event(r, head, strings, i + 1, before)
            self.events.append(before)
            if before.mark:
                self.events[before.voids - 1].void_by = before.number
            running = sha(b"argosy/history/1", running, before.digest, summary(before))
        need(running == history, "history", f"{n} events")
        return (b"S\x01" + varint(n) + history + varint(last) + varint(self.claims) + claims
                + bytes([self.kind, self.flags]) + b"".join(map(lp, names)) + place)


# ---------------------------------------------------------------- the journey (bundle.md)


class Move:
    def __init__(self, event, record, container, entry):
        self.event, self.record, self.container, self.entry = event, record, container, entry
        self.into = event.flags & 3 == ADD
        self.number, self.happened, self.recorded = event.number, event.happened, event.recorded


class Stay:
    def __init__(self, into, out=None):
        self.container, self.into, self.out = into.container, into, out
        self.contradicts = False


def walk(moves):
    """Moves in the order in which they are given: the stays, and which out ended which."""
    stays, ended, now = [], {}, None
    for m in moves:
        here = now and now.container == m.container
        if m.into and not here:
            if now:
                now.out = m
            now = Stay(m)
            stays.append(now)
        elif not m.into and here:
            now.out = m
            ended[m.number] = now
            now = None
    return stays, ended


def by_time(m):
    return m.happened, m.number


def stays_of_moves(moves):
    """bundle.md "Stays", of moves that are gone through together; by number as they come."""
    numbered = [(s.out, s.into) for s in walk(moves)[0] if s.out and not s.out.into]
    stays, ended = walk(sorted(moves, key=by_time))
    more, left_out = [], set()
    for out, into in numbered:
        if out.number in ended:
            continue
        more.append(Stay(into, out))
        if out.happened < into.happened:
            more[-1].contradicts = True
            left_out |= {out.number, into.number}
    if left_out:
        stays, _ = walk(sorted((m for m in moves if m.number not in left_out), key=by_time))
    return stays + more


ALWAYS = (-FOREVER, FOREVER, -FOREVER, FOREVER)


class Journey:
    """The closure: which subjects, which records, which times. A time that is part is a rectangle: from,
    to of happening, from, to of recording, inclusive. origins: of a subject, the times of which its origins count."""

    def __init__(self, subjects, records):
        self.subjects = {s.id: s for s in subjects}
        self.records, self.asked, self.missing = records, set(), None
        self.parts, self.origins = {}, {}
        self.stays, self.order = {}, []
        self.add(subjects[0].id, ALWAYS, True)
        while self.order:
            self.step(self.order.pop())
        for s in subjects:
            if s.id in self.parts:
                self.mark_parts(s)

    def lack(self, what):
        self.missing = self.missing or what

    def record(self, s, e):
        self.asked.add((s.id, e.number))
        if (s.id, e.number) not in self.records:
            self.lack(f"{s.id.decode()}, event {e.number}: its record is missing")
        return self.records.get((s.id, e.number))

    def reach(self, subject):
        """Puts it into the journey, with no time that is part as yet."""
        if subject not in self.subjects:
            self.lack(f"{subject.decode()} is missing")
            return False
        if subject not in self.parts:
            self.parts[subject] = []
            self.order.append(subject)
        return True

    def add(self, subject, part, origins=False):
        if not self.reach(subject):
            return
        if origins and part[:2] not in self.origins.setdefault(subject, set()):
            self.origins[subject].add(part[:2])
            self.order.append(subject)
        have = self.parts[subject]
        if any(h[0] <= part[0] and part[1] <= h[1] and h[2] <= part[2] and part[3] <= h[3] for h in have):
            return
        have.append(part)
        self.order.append(subject)

    def holds(self, subject, when):
        return any(lo <= when <= hi for lo, hi, _, _ in self.parts[subject])

    def step(self, subject):
        s = self.subjects[subject]
        for e in s.events:
            if (e.kind == 1 and not e.flags & 4 and e.role in (OUTPUT, ABOUT)
                    and any(lo <= e.happened <= hi for lo, hi in self.origins.get(subject, ()))):
                self.origin(s, e)
        self.containers(s)

    def origin(self, s, e):
        r = self.record(s, e)
        if not r or r.type != TRANSFORMATION:
            return
        self.inputs(r, e)
        if e.role != ABOUT:
            for x in r.subjects:
                if x.role == ABOUT and x.mode not in (1, 4):
                    self.add(x.id, ALWAYS, True)

    def inputs(self, r, e):
        for listed in r.subjects:
            if listed.role != INPUT or listed.mode not in (0, 2) or not self.reach(listed.id):
                continue
            until = [x.happened for x in self.subjects[listed.id].events[:listed.number] if x.kind == 1 and not x.mark]
            self.add(listed.id, (-FOREVER, max(until + [e.happened]), -FOREVER, e.recorded), True)

    def containers(self, s):
        if s.id not in self.stays:
            self.stays[s.id] = self.find_stays(s)
        for stay in self.stays[s.id]:
            times = self.times(s, stay)
            if times is None:
                continue
            for part in list(self.parts[s.id]):
                lo, hi = max(times[0], part[0]), min(times[1], part[1])
                if lo <= hi:
                    self.add(stay.container, (lo, hi, max(times[2], part[2]), min(times[3], part[3])))

    def find_stays(self, s):
        moves = []
        for e in s.events:
            if e.kind != 1 or e.flags & 4 or e.role != CHILD or e.flags & 3 not in (ADD, DELETE):
                continue
            r = self.record(s, e)
            if not r or r.type not in (AGGREGATION, ASSOCIATION):
                continue
            for listed in r.subjects:
                if listed.role == PARENT and listed.mode == 0:
                    moves.append(Move(e, r, listed.id, listed))
                    break
        if s.kind not in (2, 3):
            return stays_of_moves(moves)
        stays = []
        for container in dict.fromkeys(m.container for m in moves):
            stays += stays_of_moves([m for m in moves if m.container == container])
        return stays

    def times(self, s, stay):
        """(from, to) that it happened and (from, to) that it was recorded, inclusive; None: not known."""
        into, out = stay.into, stay.out
        lo, hi = into.happened, FOREVER
        rlo, rhi = into.recorded, FOREVER
        if out:
            hi = max(out.happened - 1, lo)
            rlo, rhi = min(rlo, out.recorded), max(rlo, out.recorded)
        if stay.contradicts:
            if not self.reach(stay.container):
                return None
            a, b = into.entry.number, out.entry.number
            events = self.subjects[stay.container].events
            if not 1 <= a <= b <= len(events):
                return self.lack(f"{stay.container.decode()}: its history does not hold a stay")
            at = [e.happened for e in events[a - 1:b] if e.kind == 1 and not e.mark] + [out.happened, into.happened]
            lo, hi = min(at), max(at)
        if into.event.void_by and (not out or out.container != stay.container):
            until = s.events[into.event.void_by - 1].recorded
            hi, rhi = max(min(hi, until), lo), min(rhi, until)
        return lo, hi, rlo, rhi

    def mark_parts(self, s):
        parts = self.parts[s.id]
        for e in s.events:
            if self.holds(s.id, e.happened):
                e.part = True
            elif e.kind != 1 or e.mark:
                e.part = any(lo <= e.recorded <= hi for _, _, lo, hi in parts)

    def mark_ends(self):
        """In a container the event that ended a stay belongs if it does for the thing that left."""
        for stay in [x for stays in self.stays.values() for x in stays]:
            if not stay.out or not stay.out.event.part or stay.container not in self.parts:
                continue
            events = self.subjects[stay.container].events
            for x in stay.out.record.subjects:
                if x.role == PARENT and not x.claim() and x.id == stay.container and 1 <= x.number <= len(events):
                    events[x.number - 1].part = True
                    break


def judge_journey(proof, records):
    """Is the bundle a whole journey? One of several subjects must be."""
    several = len(proof.subjects) > 1
    j = Journey(proof.subjects, records)
    surplus = None
    for s in proof.subjects:
        if s.id not in j.parts:
            surplus = f"{s.id.decode()} does not belong to it"
    if several:
        need(not j.missing, "journey", j.missing)
        need(not surplus, "journey", surplus)
    if j.missing:
        # It need not be one; then it does not say it is.
        for e in proof.subjects[0].events:
            e.part = True
        return False
    j.mark_ends()
    return True


# ---------------------------------------------------------------- witnesses, files


class Consistency:
    def __init__(self, r, head):
        self.size, self.root = r.varint(), r.take(32)
        n = r.varint()
        need(n <= 64, "format", "hashes of a consistency proof")
        self.path = [r.take(32) for _ in range(n)]
        need(1 <= self.size < head.log_size, "format", "size of an older log")


def shown(proof, size, root):
    """Is the log of this head shown to continue that one?"""
    head = proof.head
    if size == head.log_size:
        return root == head.log_root
    return size == 0 or any((c.size, c.root) == (size, root) for c in proof.consistency)


class Witness:
    def __init__(self, r, proof):
        head = proof.head
        self.key = r.take(32)
        self.name = r.lp()
        self.how = r.u8()
        need(self.how in (1, 2), "version", f"a witness of way {self.how}")
        need(len(self.name) <= 64 and plain(self.name), "format", "a witness's name")
        back = r.varint()
        self.height = head.height - back
        need(self.height >= head.genesis.initial, "format", "a witnessed height")
        self.hash, self.size, self.root, state = head.hash, head.log_size, head.log_root, head.state_root
        if back:
            self.hash, self.size, self.root = r.take(32), r.varint(), r.take(32)
            if self.how == 2:
                state = r.take(32)
        signature = r.take(64)
        signed = (b"argosy/head/2\x00" + head.genesis.fingerprint + varint(self.height) + self.hash + varint(self.size)
                  + self.root + bytes([self.how]) + (state if self.how == 2 else b"") + lp(self.name))
        need(signed_by(self.key, signed, signature), "witness", self.name.decode())
        need(shown(proof, self.size, self.root), "consistency", f"the head that {self.name.decode()} witnessed")
        self.validator = self.key in head.validator_keys
        self.counts = not self.validator and self.key in proof.trusted


class Proof:
    """A bundle, head file or receipt that holds; else Refused."""

    def __init__(self, data, fingerprint, trusted=(), held=None):
        """fingerprint: None takes any chain. trusted: keys of witnesses. held: the bytes of a head that he holds."""
        self.trusted = trusted
        self.subjects, self.consistency, self.witnesses, self.receipt = [], [], [], None
        self.records, self.journey, self.continues = {}, False, False
        r = Reader(unwrap(data))
        magic = r.take(4)
        need(magic[:3] in (b"ARB", b"ARH", b"ARR"), "format", "it is no proof")
        need(magic[3] == 1, "version", f"version {magic[3]} of the file")
        self.sort = magic[2:3].decode()
        self.head = Head(r, fingerprint)
        {"B": self.bundle, "H": self.head_file, "R": self.receipt_file}[self.sort](r)
        if held is not None:
            continues(self, held)
            self.continues = True

    def bundle(self, r):
        strings = Strings(r)
        n = r.varint()
        need(n >= 1, "format", "no subject")
        need(n <= 10000, "limit", f"{n} subjects")
        taken = set()
        for i in range(n):
            s = Subject(r, self.head, strings, taken, n == 1)
            need(not i or s.root == self.subjects[0].root, "state", "two states")
            self.subjects.append(s)
        self.head.finish(self.subjects[0].root)
        need(len(strings.used) == len(strings.list), "format", "a string that is not used")
        n = r.varint()
        need(n <= 100000, "limit", f"{n} records")
        before = (-1, -1)
        for _ in range(n):
            place = r.varint(), r.varint()
            need(place > before, "format", "records out of order")
            before = place
            need(place[0] < len(self.subjects) and place[1] < len(self.subjects[place[0]].events), "format",
                 "a record of no event")
            s = self.subjects[place[0]]
            data = r.lp()
            need(leaf(data) == s.events[place[1]].digest, "record", "of another event")
            self.records[s.id, place[1] + 1] = Record(data)
        n = r.varint()
        need(n <= 64, "limit", f"{n} consistency proofs")
        for _ in range(n):
            c = Consistency(r, self.head)
            need(not self.consistency or c.size > self.consistency[-1].size, "format", "consistency out of order")
            need(consistent(c.size, c.root, self.head.log_size, self.head.log_root, c.path), "consistency")
            self.consistency.append(c)
        self.read_witnesses(r)
        r.end()
        if not self.subjects[0].absent:
            self.journey = judge_journey(self, self.records)

    def read_witnesses(self, r):
        n = r.varint()
        need(n <= 64, "limit", f"{n} witnesses")
        for _ in range(n):
            w = Witness(r, self)
            if self.witnesses:
                before = self.witnesses[-1]
                need((w.key, w.height) > (before.key, before.height), "format", "witnesses out of order")
            need(self.sort != "H" or w.height == self.head.height, "format", "a witness of another head")
            self.witnesses.append(w)

    def head_file(self, r):
        self.head.finish(r.take(32))
        self.read_witnesses(r)
        r.end()

    def receipt_file(self, r):
        self.head.finish(r.take(32))
        self.first = r.varint()
        n = r.varint()
        need(1 <= n, "format", "no record")
        need(n <= 10000, "limit", f"{n} records")
        need(self.first + n <= self.head.log_size, "format", "beyond the log")
        self.receipt = []
        for _ in range(n):
            record = Record(r.lp())
            record.judge()
            same = lambda x: (x.height, x.time, x.tx_index, x.member, x.key, x.tx_id)
            need(not self.receipt or same(record) == same(self.receipt[0]), "record", "of another transaction")
            self.receipt.append(record)
        n = r.varint()
        need(n <= 128, "format", f"{n} hashes")
        hashes = [r.take(32) for _ in range(n)]
        root = self.range_root(hashes, 0, self.head.log_size)
        need(not hashes, "format", "a hash that is not used")
        need(root == self.head.log_root, "log")
        r.end()

    def range_root(self, hashes, at, n):
        """receipt.md "Range proof"."""
        end = self.first + len(self.receipt)
        if at >= end or at + n <= self.first:
            need(hashes, "format", "a hash is missing")
            return hashes.pop(0)
        if n == 1:
            return self.receipt[at - self.first].digest
        k = split(n)
        left = self.range_root(hashes, at, k)
        return node(left, self.range_root(hashes, at + k, n - k))

    def newer(self):
        """Is something shown by its number alone?"""
        acts = {e.kind for s in self.subjects for e in s.events} | {x.kind for x in self.receipt or ()}
        return (any(not known_act(a) for a in acts) or any(e.flags & 64 for s in self.subjects for e in s.events)
                or any(not s.absent and (not 1 <= s.kind <= 10 or s.flags & ~3) for s in self.subjects))


def known_act(kind):
    return 1 <= kind <= 21 or kind == 40


def unwrap(data):
    """The file, or what the text of a QR code holds (bundle.md "QR")."""
    if data[:3] in (b"ARB", b"ARH", b"ARR") and data[3:4] < b" ":
        need(len(data) <= FILE_MAX, "limit", "the file is too large")
        return data
    need(len(data) <= TEXT_MAX, "limit", "the text is too large")
    text = data.rsplit(b"#", 1)[-1].strip(b" \t\r\n")
    need(re.fullmatch(rb"[A-Z2-7]+|[a-z2-7]+", text), "format", "neither a proof nor the text of one")
    text = text.upper()
    try:
        out = base64.b32decode(text + b"=" * (-len(text) % 8))
    except ValueError as e:
        raise Refused("format", "base32") from e
    need(base64.b32encode(out).rstrip(b"=") == text, "format", "base32 with spare bits")
    need(len(out) <= FILE_MAX, "limit", "the file is too large")
    return out


def continues(proof, held):
    """bundle.md "A head that the reader holds"."""
    try:
        held = Proof(held, proof.head.genesis.fingerprint)
    except Refused as e:
        raise Refused("head", f"the head held is not good itself: {e.reason}") from e
    head, old = proof.head, held.head
    mine = [e.statement for e in head.epochs]
    theirs = [e.statement for e in old.epochs]
    need(mine[:len(theirs)] == theirs, "head", "an epoch of the head held is missing, or another one here")
    need(head.height >= old.height, "head", "older than the head held")
    if head.height == old.height:
        need(head.hash == old.hash, "head", "another header of the same height")
    else:
        need(shown(proof, old.log_size, old.log_root), "head", "not shown to continue the log of the head held")


# ---------------------------------------------------------------- evidence (bundle.md, receipt.md)


def link(a, b, third):
    """Of two proofs of logs: does one log continue the other, so far as these show?"""
    old, new = sorted((a, b), key=lambda p: p.head.log_size)
    if shown(new, old.head.log_size, old.head.log_root):
        return True
    return bool(third) and shown(third, old.head.log_size, old.head.log_root) and shown(
        new, third.head.log_size, third.head.log_root)


def against_receipt(receipt, bundle, third):
    if not link(receipt, bundle, third):
        return "open"
    subjects, found = {s.id: s for s in bundle.subjects}, "open"
    for i, record in enumerate(receipt.receipt):
        for listed in record.subjects:
            s = subjects.get(listed.id)
            if receipt.first + i >= bundle.head.log_size or s is None:
                continue
            found = "none"
            if s.absent:
                return "receipt"
            if listed.claim():
                if s.claims < listed.number:
                    return "receipt"
            elif len(s.events) < listed.number or s.events[listed.number - 1].digest != record.digest:
                return "receipt"
    return found


def conflict(a, b, third=None):
    """bundle.md "Two proofs that contradict each other", receipt.md "As evidence"."""
    if a.head.genesis.fingerprint != b.head.genesis.fingerprint:
        return "unknown"
    mine, theirs = ([e.statement for e in p.head.epochs] for p in (a, b))
    shared = 0
    while shared < min(len(mine), len(theirs)) and mine[shared] == theirs[shared]:
        shared += 1
    if shared < min(len(mine), len(theirs)) and a.head.epochs[shared].kind == b.head.epochs[shared].kind == 1:
        return "epoch"
    low, high = sorted((a, b), key=lambda p: p.head.height)
    found = "none"
    if low.head.height == high.head.height:
        if low.head.hash != high.head.hash:
            found = "header"
    else:
        histories = {s.id: s for s in high.subjects}
        for s in low.subjects:
            t = histories.get(s.id)
            begins = t and [(e.digest, summary(e)) for e in t.events[:len(s.events)]]
            if t and begins != [(e.digest, summary(e)) for e in s.events]:
                found = "history"
        size, root = low.head.log_size, low.head.log_root
        if found == "none" and (
                high.head.log_size < size or (high.head.log_size == size and high.head.log_root != root)
                or any(c.size == size and c.root != root for c in high.consistency) or high.head.time < low.head.time):
            found = "log"
    if found != "none":
        for x, y in ((a, b), (b, a)):
            known = [e.statement for e in y.head.epochs]
            if x.head.time >= y.head.time and any(e.kind == 2 and e.statement not in known for e in x.head.epochs):
                return "resumed"
    if found == "none" and {a.sort, b.sort} == {"B", "R"}:
        return against_receipt(*((a, b) if a.sort == "R" else (b, a)), third)
    return found


# ---------------------------------------------------------------- what it says


def shown_head(proof):
    h = proof.head
    when = datetime(1970, 1, 1, tzinfo=timezone.utc)
    try:
        when = (when + timedelta(seconds=h.time // 10**9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        when = f"{h.time // 10**9} s"
    return {
        "chain": h.genesis.chain, "fingerprint": h.genesis.fingerprint.hex(), "height": h.height, "time": when,
        "header_hash": h.hash.hex(), "app_hash": h.app_hash.hex(), "log_root": h.log_root.hex(),
        "state_root": h.state_root.hex(), "log_size": h.log_size, "validators": len(h.validators),
        "signed": len(h.signers), "signers": [k.hex() for k in h.signers], "head": proof.sort == "H",
        "journey": proof.journey, "continues_held_head": proof.continues, "newer": proof.newer(),
        "witnesses": [{"height": w.height, "name": w.name.decode(), "key": w.key.hex(),
                       "how": ("log", "replayed")[w.how - 1], "validator": w.validator, "counts": w.counts}
                      for w in proof.witnesses],
        "epochs": [{"number": e.number, "resumed": e.kind == 2, "from_height": e.first, "last_height": e.last}
                   for e in h.epochs],
    }


def shown_event(e):
    out = {"number": e.number, "kind": e.kind, "flags": e.flags, "role": e.role, "step": e.step.decode(),
           "where": e.where.decode(), "who": e.who.decode(), "happened_ms": e.happened, "recorded_ms": e.recorded,
           "after_recording": e.kind == 1 and e.happened > e.recorded, "part": e.part,
           "declares_error": bool(e.flags & 4), "digest": e.digest.hex()}
    if e.void_by:
        out["declared_in_error_by"] = e.void_by
    if e.mark:
        out["declares"] = e.voids
    return out


def shown_subject(s):
    if s.absent:
        return {"id": s.id.decode(), "absent": True}
    return {"id": s.id.decode(), "absent": False, "flags": s.flags, "owner": s.owner.decode(),
            "holder": s.holder.decode(), "offered_to": s.offered_to.decode(), "container": s.container.decode(),
            "claims": s.claims, "events": [shown_event(e) for e in s.events]}


def shown_receipt(proof):
    first = proof.receipt[0]
    return {"member": first.member.decode(errors="replace"), "id": first.tx_id.hex(), "key": first.key.hex(),
            "height": first.height, "recorded_ms": first.time,
            "records": [{"index": proof.first + i, "kind": x.kind, "digest": x.digest.hex(),
                         "subjects": [{"id": s.id.decode(errors="replace"), "role": s.role, "mode": s.mode,
                                       "number": s.number} for s in x.subjects]}
                        for i, x in enumerate(proof.receipt)]}


def report(proof):
    out = {"verified": True, "reason": "ok", "detail": ""}
    out.update(shown_head(proof))
    out["subjects"] = [shown_subject(s) for s in proof.subjects]
    if proof.receipt:
        out["receipt"] = shown_receipt(proof)
    return out


def instant(ms):
    try:
        when = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=ms)
        return when.strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return f"{ms} ms"


def clean(data):
    """A receipt's ids may hold control characters; a terminal shall not see them."""
    return "".join(c if c.isprintable() else "?" for c in data.decode(errors="replace"))


def say(proof):
    """The verdict in words; what no proof can show stands in it always."""
    h = proof.head
    print(f"VERIFIED  {h.genesis.chain}, block {h.height}, {instant(h.time // 10**6)}, "
          f"signed by {len(h.signers)} of {len(h.validators)} validators")
    for e in h.epochs:
        print(f"  epoch {e.number}: {'resumed from a copy' if e.kind == 2 else 'a key replaced'}, from block {e.first}")
    for w in proof.witnesses:
        counts = "counts" if w.counts else "a validator, does not count" if w.validator else "not named by you"
        print(f"  witness {w.name.decode()} {w.key.hex()[:16]}..., block {w.height}, "
              f"{('log', 'replayed')[w.how - 1]}: {counts}")
    for s in proof.subjects:
        print(f"{s.id.decode()}: " + ("no history" if s.absent else f"{len(s.events)} events, none left out"))
        for e in s.events:
            act = e.step.decode() or (f"declares {e.voids} in error" if e.mark else f"act {e.kind}")
            print(f"  {e.number:4} {instant(e.happened)} {act:20} {e.where.decode():28} {e.who.decode()}"
                  + (f"  VOID by {e.void_by}" if e.void_by else "") + ("" if e.part else "  (not of the journey)"))
    for i, x in enumerate(proof.receipt or ()):
        print(", ".join([f"record {proof.first + i}: act {x.kind} of {clean(x.member)}"] + [
            f"{clean(s.id)} {'claim' if s.claim() else 'event'} {s.number}" for s in x.subjects]))
    if proof.journey and len(proof.subjects) > 1:
        print("The whole journey, none left out.")
    if proof.newer():
        print("Made by a newer version: some of it is shown by its number.")
    print("Not proven: that the goods are what the record says; that none of these acts was disowned; that nothing\n"
          "happened since; that the key which signed was not replaced since; that the signer kept no second history.")


def usage(why):
    print(f"verify.py: {why}\n" + __doc__.split("\n\n")[1], file=sys.stderr)
    sys.exit(2)


def content(path):
    if re.match("https?://", path, re.IGNORECASE):
        return path.encode()
    try:
        if path == "-":
            return sys.stdin.buffer.read(TEXT_MAX + 1)
        with open(path, "rb") as f:
            return f.read(TEXT_MAX + 1)
    except OSError as e:
        print(f"verify.py: {path}: {e.strerror}", file=sys.stderr)
        sys.exit(3)


def hex32(word, what):
    if re.fullmatch(r"[0-9a-fA-F]{64}", word):
        return bytes.fromhex(word)
    if word.startswith("@") or re.search(r"[./]", word):
        word = content(word.lstrip("@")).decode(errors="replace").strip()
        if re.fullmatch(r"[0-9a-fA-F]{64}", word):
            return bytes.fromhex(word)
    return usage(f"{word} is no {what}")


def keys_of(word, fingerprint):
    if re.fullmatch(r"[0-9a-fA-F]{64}", word):
        return {bytes.fromhex(word)}
    if word.startswith("@"):
        lines = [x.partition("#")[0].strip() for x in content(word[1:]).decode(errors="replace").splitlines()]
        return {hex32(line, "key") for line in lines if line}
    try:
        return {w.key for w in Proof(content(word), fingerprint).witnesses}
    except Refused as e:
        return usage(f"{word} is no head file that holds: {e.reason}")


def main(words):
    files, held, witnesses, fingerprint, as_json = [], None, [], None, False
    words = list(words)
    while words:
        w = words.pop(0)
        if w in ("--genesis", "--head", "--witness") and not words:
            usage(f"{w} of what?")
        if w == "--genesis":
            fingerprint = hex32(words.pop(0), "fingerprint")
        elif w == "--head":
            held = words.pop(0)
        elif w == "--witness":
            witnesses.append(words.pop(0))
        elif w == "--json":
            as_json = True
        elif w.startswith("-") and w != "-":
            usage(f"{w} is not known")
        else:
            files.append(w)
    if not files:
        usage("a FILE is needed")
    if files[0] == "evidence":
        return evidence(files[1:], fingerprint, held, as_json)
    if fingerprint is None:
        usage("--genesis FINGERPRINT is needed")
    trusted = {key for w in witnesses for key in keys_of(w, fingerprint)}
    code = 0
    held = content(held) if held else None
    for name in files:
        try:
            proof = Proof(content(name), fingerprint, trusted, held)
        except Refused as e:
            code = 4
            if as_json:
                print(json.dumps({"verified": False, "reason": e.reason, "detail": e.detail, "file": name}))
            else:
                print(f"REFUSED  {name}: {e.reason}" + (f" ({e.detail})" if e.detail else ""))
            continue
        if as_json:
            print(json.dumps(dict(report(proof), file=name), ensure_ascii=False))
        else:
            say(proof)
    return code


def evidence(files, fingerprint, third, as_json):
    if len(files) != 2:
        usage("evidence A B")
    try:
        a, b = (Proof(content(f), fingerprint) for f in files)
        third = Proof(content(third), fingerprint) if third else None
        found = conflict(a, b, third)
    except Refused as e:
        found = "unknown"
        print(f"verify.py: one of them does not verify: {e.reason}", file=sys.stderr)
    print(json.dumps({"conflict": found}) if as_json else found)
    return {"none": 1, "open": 1, "resumed": 5, "unknown": 4}.get(found, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
