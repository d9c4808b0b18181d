"""2.15 and beyond: what is signed, by whom, for what; keys, members, trials, ids, bytes."""
import hashlib
import json
import time

from world import Key, act, check, event, lp, msg, observed, varint


def _trial(w, *transactions, each=True):
    status, text = w.raw("POST", "/v1/trials" + ("?each=1" if each else ""), b"".join(lp(t) for t in transactions),
                         {"Content-Type": "application/x-protobuf;many"})
    return json.loads(text)


def _trial_fingerprint(w):
    return hashlib.sha256(b"argosy/trial/1\0" + bytes.fromhex(w.genesis)).digest()


def trial_submitted(w):
    """eve saw what anna asked the node to try, and submits it."""
    x = w.fresh()
    asked = w.sealed("anna", [observed(x)], fingerprint=_trial_fingerprint(w))
    check(_trial(w, asked)["answers"][0]["verdict"] == "ok", "the trial itself")
    verdict = w.send(asked)[0]["verdict"]
    check(w.item(x) is None, "it was recorded")
    return verdict


def transaction_tried(w):
    """And what anna submitted is no question of hers: nobody learns from it what would become of it now."""
    return _trial(w, w.sealed("anna", [observed(w.fresh())]))["answers"][0]["verdict"]


def trial_of_a_stranger(w):
    body = w.body("anna", [observed(w.fresh())])
    k = Key("stranger")
    signed = b"argosy/tx/1\0" + _trial_fingerprint(w) + body
    return _trial(w, msg(f1=body, f2=[msg(f1=k.public, f2=k.sign(signed))]))["answers"][0]["verdict"]


def trial_leaves_nothing(w):
    """A trial that registers, admits, hands over; then the same ids, names and events are as free as before."""
    x, id, base = w.fresh(), hashlib.sha256(w.fresh().encode()).digest()[:16], w.fresh("range") + "/"
    fp, used = _trial_fingerprint(w), w.used("eve")
    said = _trial(w, w.sealed("eve", [act("register_prefix", f1=base)], person=True, fingerprint=fp),
                  w.sealed("eve", [observed(x, id="urn:x-trial:1")], id=id, fingerprint=fp))
    check([a["verdict"] for a in said["answers"]] == ["ok", "ok"], f"{said}")
    check(w.used("eve") == used, "charged")
    check(w.verdict("anna", act("register_prefix", f1=base), person=True) == "ok", "the range is taken")
    return w.outcome("anna", observed(x, id="urn:x-trial:1"), x, id=id)


def repeated(w):
    """eve sends anna's transaction again, and again in one request with itself."""
    x = w.fresh()
    sealed = w.sealed("anna", [observed(x)])
    first = w.send(sealed, sealed)
    again = w.send(sealed)[0]
    check(first[1]["duplicate"] and again["duplicate"] and again["verdict"] == "ok", f"{first} {again}")
    return f"{w.item(x)['events']} event"


def other_body(w):
    id = hashlib.sha256(w.fresh().encode()).digest()[:16]
    w.does("eve", observed(w.fresh()), id=id)
    return w.verdict("eve", observed(w.fresh()), id=id)


def other_chain(w):
    out = {w.verdict("eve", observed(w.fresh()), chain="other-solo"),
           w.verdict("eve", observed(w.fresh()), fingerprint=b"\1" * 32)}
    return ", ".join(sorted(out))


def expiries(w):
    now = int(time.time() * 1000)
    return ", ".join([w.verdict("eve", observed(w.fresh()), expires_ms=now - 3600000),
                      w.verdict("eve", observed(w.fresh()), expires_ms=now + 26 * 3600000)])


def changed_bytes(w):
    """A bit of anna's signed transaction changed, in eighty places: never applied, never another's."""
    x = w.fresh()
    sealed = w.sealed("anna", [observed(x)])
    for i in range(80):
        at = i * len(sealed) // 80
        a = w.send(sealed[:at] + bytes([sealed[at] ^ 1 << i % 8]) + sealed[at + 1:])[0]
        check(a["verdict"] != "ok", f"byte {at}: applied")
    check(w.item(x) is None, "recorded")
    return "refused"


def other_encodings(w):
    """The same transaction in other bytes: long varints, fields twice, unknown ones, another order, groups, a tail."""
    x = w.fresh()
    body = w.body("eve", [observed(x)])
    k = w.signers["eve", "agent"]
    out = set()
    for b in (body + b"\xa2\x06\x00", body + b"\x0a\x01x", b"\x12\x83\x00eve" + body[:0] + body, body + b"\x33", body[::-1],
              body + msg(f6="x" * 201), b"", b"\x80" * 11, body[:-1], b"\xff" * 200):
        signed = b"argosy/tx/1\0" + bytes.fromhex(w.genesis) + b
        s = msg(f1=k.public, f2=k.sign(signed))
        out.add(w.send(msg(f1=b, f2=[s]))[0]["verdict"])
        for t in (msg(f1=b, f2=[s] * 9), msg(f1=b, f2=[s]) + b"\x1a\x00", msg(f2=[s]) + msg(f1=b) + msg(f1=b), msg(f1=b)):
            a = w.send(t)[0]
            check(a["verdict"] != "ok", f"applied: {t.hex()}")
    check("ok" not in out and w.item(x) is None, f"{out}")
    return "refused"


def anothers_name(w):
    return w.verdict("anna", observed(w.fresh()), person=w.signers["eve", "agent"])


def stranger_cosigns(w):
    return w.verdict("anna", observed(w.fresh()), cosigners=[Key("stranger")])


def suspended_cosigns(w):
    w.must("member", "set", "dora", "--status", "suspended")
    try:
        return w.verdict("anna", observed(w.fresh()), cosigners=[w.signers["dora", "agent"]])
    finally:
        w.must("member", "set", "dora", "--status", "active")


def suspended_writes(w):
    w.must("member", "set", "dora", "--status", "suspended")
    try:
        key = Key("dora/spare" + w.fresh())
        mixed = w.verdict("dora", act("revoke_key", f1=key.public), observed(w.fresh()), person=True)
        check(mixed == "member_suspended", f"beside a revocation: {mixed}")
        return w.verdict("dora", observed(w.fresh()))
    finally:
        w.must("member", "set", "dora", "--status", "active")


def suspended_revokes_stolen(w):
    stolen = Key("dora/stolen" + w.fresh())
    w.does("dora", act("add_key", f1=stolen.public, f2=2), person=True)
    w.must("member", "set", "dora", "--status", "suspended")
    try:
        out = w.verdict("dora", act("revoke_key", f1=stolen.public, f2="stolen"), person=True)
    finally:
        w.must("member", "set", "dora", "--status", "active")
    check(w.verdict("dora", observed(w.fresh()), person=stolen) == "key_revoked", "the stolen key still signs")
    return out


def keys_of_others(w):
    public = w.signers["anna", "agent"].public
    out = {w.verdict("eve", a, person=True) for a in (act("revoke_key", f1=public, f2="x"), act("disown_key", f1=public, f2=1))}
    check(w.verdict("anna", observed(w.fresh())) == "ok", "anna's key is out of use")
    return ", ".join(sorted(out))


def registers_anothers_key(w):
    """eve adds anna's public key as her own, so that anna's signatures would be hers."""
    return w.verdict("eve", act("add_key", f1=w.signers["anna", "agent"].public, f2=1), person=True)


def weak_keys(w):
    """Keys for which anybody can sign: of small order, and not canonical."""
    out = set()
    for k in ("00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
              "ee" + "ff" * 30 + "7f", "ff" * 32):
        out.add(w.verdict("eve", act("add_key", f1=bytes.fromhex(k), f2=1), person=True))
    return ", ".join(sorted(out))


def agent_manages(w):
    """A stolen agent's key does what persons do."""
    acts = [act("add_key", f1=Key("x").public, f2=1), act("revoke_key", f1=w.signers["eve", "agent"].public), act("grant_step", f1=w.fresh(), f2="bert"),
            act("register_prefix", f1=w.fresh() + "/"), act("issue_credential", f1=msg(f1=w.fresh(), f2="eve", f3="gdp", f4="x", f5="2026-01-01"))]
    return ", ".join(sorted({w.verdict("eve", a) for a in acts}))


def last_key(w):
    return w.verdict("eve", act("revoke_key", f1=w.signers["eve", "person"].public, f2="x"), person=True)


def admits(w):
    acts = [act("admit_member", f1="mallory", f2="M", f3="NL", f5=[Key("m").public]), act("set_member", f1="anna", f2="suspended"),
            act("set_member", f1="eve", f3=["operator"])]
    return ", ".join(sorted({w.verdict("eve", a, person=True) for a in acts}))


def unknown_acts(w):
    """Acts of numbers that nobody gave, and an act with two of them."""
    out = {w.verdict("eve", varint(n << 3 | 2) + lp(msg(f1="x"))) for n in (22, 39, 41, 57, 128, 1 << 28)}
    out.add(w.verdict("eve", observed(w.fresh()) + observed(w.fresh())))
    out.add(w.verdict("eve", b""))
    check("ok" not in out, f"{out}")
    return "refused"


def future_key(w):
    """What a key signed before it was revoked, sent afterwards."""
    k, x = Key("late" + w.fresh()), w.fresh()
    w.does("eve", act("add_key", f1=k.public, f2=2), person=True)
    sealed = w.sealed("eve", [observed(x)], person=k)
    w.does("eve", act("revoke_key", f1=k.public, f2="lost"), person=True)
    return w.send(sealed)[0]["verdict"]


def half_done(w):
    """Two acts, of which the second is refused: the first leaves nothing."""
    x, y = w.fresh(), w.fresh()
    w.does("anna", observed(y))
    used = w.used("eve")[1]
    verdict = w.verdict("eve", observed(x), act("offer_custody", f1=[y], f2="bert"), observed(x, step="storing"))
    check(w.item(x) is None, "half of it was done")
    check(w.used("eve")[1] > used or w.used("eve")[1] < 100, "for free")
    return verdict


def depends(w):
    """A submission of hers depends on what is refused before it: each is judged by what is."""
    box, thing = w.fresh("box"), w.fresh("pallet")
    w.does("anna", observed(thing, step="storing"))
    answers = w.send(*[w.sealed("eve", [a]) for a in (
        event(2, 1, parent=box, children=[thing], step="packing"), event(2, 3, parent=box, step="unpacking"),
        act("offer_custody", f1=[thing], f2="bert"))])
    i = w.item(thing)
    check(i["holder"] == "anna" and not i["container"] and not i["offered_to"], f"{i}")
    return ", ".join(a["verdict"] for a in answers)


def many_sequences(w):
    """A body of a hundred thousand empty transactions, and lengths that lie."""
    out = set()
    for body in (b"\0" * 200000, varint(1 << 63) + b"x", varint(100) + b"x" * 99, b"\x80" * 12, b""):
        out.add(w.raw("POST", "/v1/transactions", body, {"Content-Type": "application/x-protobuf;many"})[0])
    check(w.alive() and out <= {200, 400, 413, 429}, f"{out}")
    return "refused"


def germany(w):
    """`;germany` holds the word `many`."""
    t = w.sealed("eve", [observed(w.fresh())])
    return str(w.raw("POST", "/v1/transactions", lp(t), {"Content-Type": "application/x-protobuf;germany"})[0])


def quota_by_refusals(w):
    """What is refused is charged: nobody is refused for nothing, without end."""
    y = w.many(2000)
    w.does("anna", observed(*y))
    total = 0
    for i in range(5):
        verdict, units = w.charged("eve", lambda: w.verdict("eve", act("offer_custody", f1=y[:1000], f2="bert")))
        total += units
    check(total >= 5 * 1000, f"charged {total} for five refusals of 1,000")
    return verdict


def receipts_of_others(w):
    """A receipt is of what stands in the log: for an id that was refused, or that is nobody's, there is none."""
    id = hashlib.sha256(w.fresh().encode()).digest()[:16]
    w.verdict("eve", act("offer_custody", f1=[w.fresh()], f2="bert"), id=id)
    return ", ".join(str(w.raw("GET", p)[0]) for p in (f"/v1/receipts/eve/{id.hex()}", f"/v1/receipts/anna/{id.hex()}",
                                                      "/v1/receipts/999999999"))
