"""2.11 and beyond: other spellings, odd characters, huge numbers, dates; in acts, in documents, in addresses."""
import json
import urllib.parse

from world import act, check, event, msg, observed, packed

ITEM = "01/09521101000016/21/A"
ALIASES = """HTTPS://goods.example.org/p/1 https://GOODS.example.org/p/1 https://goods.example.org:443/p/1 https://u@goods.example.org/p/1
https://goods.example.org/q/../p/1 https://goods.example.org/./p/1 https://goods.example.org/%70/1 https://goods.example.org/p/1?
https://goods.example.org/p/1# https://goods.example.org./p/1 https://goods.example.org:/p/1 https://goods.example.org:0443/p/1
https:goods.example.org/p/1 https://[::1]/p/1 https://0x7f.1/p/1 https://goods.example.org https://goods.example.org/p/%2f
https://goods.example.org/p/\u00e9 https://goods.example.org\\p urn:isbn:9780306406157 urn:x-e:a?b urn:x-e:a#b urn:oid:01.2
https://id.gs1.org/01/09521101000016/21/A/x https://id.gs1.org/01/09521101000016/10/ https://id.gs1.org/GTIN/09521101000016/21/A
https://id.gs1.org/2554/0952110100001 https://id.gs1.org/ https://ID.GS1.org/x https://id.gs1.org:8443/blog https://id.gs1.org/8013/X
urn:epc:idpat:sgtin:9521101.000001.A urn:epc:i:sgtin:9521101.000001.A urn:epc:tag:sgtin-96:1.9521101.000001.1
urn:epc:raw:64.x1 urn:epc:idpat:sgtin:9521101.*.* urn:epc:id:nothing:1.2 https://id.gs1.org/01/09521101000017/21/A""".split()
SAME = """urn:epc:id:sgtin:9521101.000001.A URN:EPC:ID:SGTIN:9521101.000001.A https://id.gs1.org/01/09521101000016/21/A
HTTPS://ID.GS1.ORG/01/09521101000016/21/A https://shop.example/go/01/09521101000016/21/A?17=271231
https://id.gs1.org/01/09521101000016/10/L/21/A https://id.gs1.org/gtin/09521101000016/ser/A https://id.gs1.org/01/9521101000016/21/%41
01/09521101000016/21/A""".split()


def aliases(w):
    """Spellings that would be a second thing beside the first, outside its owner's range."""
    taken = {a: v for a in ALIASES for v in [w.verdict("eve", observed(a))] if v != "invalid"}
    check(not taken, f"{taken}")
    return "invalid"


def aliases_in_documents(w):
    """The same through `argosy import`."""
    for a in ALIASES[::4]:
        totals, _ = w.importing("eve", [{"type": "ObjectEvent", "eventTime": "2026-11-01T10:00:00Z", "eventTimeZoneOffset": "+00:00",
                                         "action": "OBSERVE", "epcList": [a]}])
        check(totals["recorded"] == 0, f"{a}: {totals}")
    return "refused"


def one_thing(w):
    """Forms of one item are one item."""
    for n, a in enumerate(SAME):
        out = w.verdict("anna", observed(a, time=f"2026-11-01T10:{n:02d}:00.000Z")) if not a.startswith("01/") else "ok"
        check(out == "ok", f"{a}: {out}")
        check(w.item(urllib.parse.quote(a, safe=""))["id"] == ITEM, a)
    return ITEM if w.item(ITEM)["events"] == len(SAME) - 1 else str(w.item(ITEM))


def aliases_of_a_range(w):
    """eve escapes anna's range by another spelling of it."""
    base = f"https://range.example.org/{w.seed}/"
    w.does("anna", act("register_prefix", f1=base), person=True)
    rest = base[len("https://range.example.org"):] + "thing"
    return ", ".join(sorted({w.verdict("eve", event(action=1, epcs=[a + rest], step="commissioning")) for a in (
        "https://range.example.org", "https://RANGE.example.org", "https://range.example.org:443", "https://x@range.example.org",
        "HTTPS://range.example.org")}))


ODD = {"escape": "\x1b[31mred\x1b[0m", "newline": "a\nb", "NUL": "a\0b", "C1": "a\x9bb", "DEL": "a\x7fb", "tab": "a\tb",
       "return": "a\rb"}
FREE = ("extension", "extension name", "string value", "ignored")  # EPCIS lets them hold any text; no command shows them
SLY = {"quotes": '"};alert(1)//<script>', "turned": "abc\u202egnp.exe", "wide": "\U0001f6a2" * 20, "percent": "%s%n%x%99999d",
       "backslash": "\\u0000\\", "joined": "e\u0301\u200b\u200d", "noncharacter": "\ufffe\uffff", "separator": "a\u2028b\u2029c"}


def _texts(text, x, base):
    """An act with `text` in each of its text fields."""
    hash = (text.encode() * 40)[:32] or b"\1" * 32
    return {
        "disposition": event(epcs=[x], f20=text), "step": event(epcs=[x], step=text), "eventID": observed(x, id=text),
        "reason": event(epcs=[x], id=base, f6=msg(f1="2026-11-05T10:00:00.000Z", f2=text)),
        "corrective": event(epcs=[x], f6=msg(f1="2026-11-05T10:00:00.000Z", f3=[text])),
        "ref type": event(3, 1, epcs=[x], step="shipping", f24=[msg(f1=text, f2=base)]),
        "ref id": event(3, 1, epcs=[x], step="shipping", f24=[msg(f1="po", f2=text)]),
        "place": event(epcs=[x], where=text), "transformation": event(4, 0, inputs=[x], outputs=[base], f18=text),
        "extension": event(epcs=[x], f29=[msg(f1="https://e.example/", f2="e", f3="f", f5=text)]),
        "extension name": event(epcs=[x], f29=[msg(f1="https://e.example/", f2="e", f3=text, f5="v")]),
        "namespace": event(epcs=[x], f29=[msg(f1=text, f2="e", f3="f", f5="v")], f31=[msg(f1="e", f2=text)]),
        "device": event(epcs=[x], f27=[msg(f1=msg(f4=text), f2=[msg(f1="Temperature", f10="1", f22="CEL")])]),
        "value": event(epcs=[x], f27=[msg(f2=[msg(f1="Temperature", f10=text, f22="CEL")])]),
        "string value": event(epcs=[x], f27=[msg(f2=[msg(f1="https://e.example/m", f12=text)])]),
        "unit": event(epcs=[x], f27=[msg(f2=[msg(f1="Temperature", f10="1", f22=text)])]),
        "quantity": event(f11=[msg(f1="urn:epc:class:lgtin:9521101.000002.1", f2=text)]),
        "time": event(epcs=[x], time=text), "certification": event(epcs=[x], f7=[text]),
        "statement": act("statement", f1=text, f2=text, f3=[x]), "partner": act("statement", f1=text, f2="t", f3=[x]),
        "attachment": act("attach", f1=x, f2=hash, f3=text, f4="a/b", f6="t"),
        "title": act("attach", f1=x, f2=hash, f3="photo", f4="a/b", f6=text),
        "media type": act("attach", f1=x, f2=hash, f3="photo", f4=text, f6="t"),
        "product": act("register_product", f1=msg(f1=base, f2=text, f3=1, f4="080929", f5="NL")),
        "description": act("register_product", f1=msg(f1=base, f2="n", f3=1, f4="080929", f5="NL", f12=text)),
        "attribute": act("register_product", f1=msg(f1=base, f2="n", f3=1, f4="080929", f5="NL", f20=[msg(f1=text, f2=text)])),
        "place name": act("register_location", f1=msg(f1=base, f2=text, f3="NL", f5=3)),
        "address": act("register_location", f1=msg(f1=base, f2="n", f3="NL", f5=3, f9=text)),
        "decline": act("decline_custody", f1=[x], f2=text), "offered to": act("offer_custody", f1=[x], f2=text),
        "erasure": act("erase_attachment", f1=hash, f2=text),
        "ignored": event(epcs=[x], f33=[text]), "offset": event(epcs=[x], f3=text),
    }


def _shown_clean(w, *commands):
    for args in commands:
        for lang in ("en", "zh"):
            done = w.run("argosy", *args, "--lang", lang)
            bad = [c for c in done.stdout + done.stderr if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160]
            check(not bad, f"argosy {' '.join(args)} shows {bad[:5]!r}")


def odd_characters(w):
    """Escapes of terminals, line breaks and NUL in every text field: none gets into the chain, but where EPCIS has free
    text, or out of a command."""
    x, taken = w.fresh("pallet"), []
    w.does("eve", observed(x, step="storing"))
    for name, text in ODD.items():
        base = w.fresh("odd")
        for field, a in _texts(text, x, base).items():
            if w.verdict("eve", a) == "ok" and field not in FREE:
                taken.append(f"{name} in {field}")
        refused = w.file("odd.tx", w.sealed("eve", [event(epcs=[x], f20=text)]))
        _shown_clean(w, ("submit", refused), ("epcis", "check", refused))
    _shown_clean(w, ("trace", x, "--claims"), ("item", "show", x), ("member", "list"))
    check(not taken, "; ".join(taken))
    check("\x1b" not in w.must("export", "epcis"), "the export holds a raw escape")
    return "refused"


def sly_texts(w):
    """Markup, formats, turned writing: taken as text where text may stand, and every answer stays JSON."""
    x, n = w.fresh("pallet"), 0
    w.does("eve", observed(x, step="storing"))
    for name, text in SLY.items():
        for field, a in _texts(text, x, w.fresh("sly")).items():
            n += w.verdict("eve", a) == "ok"
    check(n > 20, f"only {n} were taken")
    trace = w.must("trace", x, "--json", "--claims")
    json.loads(trace)
    w.http("GET", "/v1/events?kinds=all&limit=1000")
    _shown_clean(w, ("trace", x, "--claims"))
    code, said = w.judged(w.bundle(x))
    check(code == 0, f"{said}")
    done = w.run("argosy", "export", "epcis")
    check(done.returncode == 0, done.stderr)
    json.loads(done.stdout)
    return "taken as text"


def turned_writing_is_told(w):
    """U+202E turns what follows in a terminal: a step that looks like another. What is for people shows no such control."""
    x = w.fresh("pallet")
    w.does("eve", observed(x, step="storing"))
    w.does("eve", act("statement", f1="abc\u202edetcepsni", f2="ok \u202edetcepsni", f3=[x]))
    done = w.run("argosy", "trace", x, "--claims")
    check("\u202e" not in done.stdout, "a terminal would turn the line")
    return "not shown"


def member_names(w):
    """The operator's own: a member's name and id are shown in every trace."""
    out = set()
    for text in [*ODD.values(), "x/y", "../z", "A", "a" * 33, ""]:
        out.add(w.verdict("eve", act("admit_member", f1=text, f2="n", f3="NL"), person=True))
        if "\0" in text:
            continue
        done = w.run("argosy", "member", "admit", text or "-", "--name", "n", "--country", "NL", "--role", "carrier", "--agent-key",
                     "00" * 31 + "02")
        check(done.returncode != 0, f"{text!r} was admitted")
    return ", ".join(sorted(out))


def huge_numbers(w):
    """Numbers at the ends of their types, in each field that holds one."""
    x = w.fresh("pallet")
    w.does("eve", observed(x, step="storing"))
    for n in (2**63 - 1, 2**63, 2**64 - 1, -1, -2**63):
        for a, person in ((act("grant_step", f1=x, f2="bert", f3="storing", f4=n), True), (act("attach", f1=x, f2=b"\7" * 32, f3="photo", f4="a/b", f5=n, f6="t"), False),
                          (act("disown_key", f1=w.signers["bert", "agent"].public, f2=n), True), (act("set_member", f1="eve", f4=n), True),
                          (event(type=n & 0xffffffff, epcs=[x]), False)):
            w.verdict("eve", a, person=person)
        check(w.verdict("eve", observed(w.fresh()), expires_ms=n) in ("expired", "expiry_too_far", "malformed", "invalid"), f"expiry {n}")
    for text in ("1e999999999", "-1", "9" * 5000, "NaN", "Infinity", "1e-400", "0x10", "1.", "--1"):
        w.verdict("eve", event(f11=[msg(f1="urn:epc:class:lgtin:9521101.000003.1", f2=text)]))
        w.verdict("eve", event(epcs=[x], f27=[msg(f2=[msg(f1="Temperature", f10=text, f22="CEL")])]))
    for path in ("/v1/blocks/", "/v1/records/", "/v1/documents/", "/v1/receipts/", "/v1/journal?after=", "/v1/events?from=", "/v1/events?limit="):
        for n in ("18446744073709551615", "18446744073709551616", "9223372036854775807", "9223372036854775808", "-1", "9" * 400, "0x1", "1e3", "+1", "%00"):
            status, _ = w.raw("GET", path + n)
            check(status in (200, 400, 404, 422), f"{path}{n}: {status}")
    check(w.alive(), "the node is gone")
    return "refused or shown"


def dates(w):
    """Times that do not exist, that are before all time, that are far ahead."""
    x = w.fresh("pallet")
    w.does("eve", observed(x, step="storing"))
    taken = [t for t in ("2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-01T25:00:00Z", "2026-11-01", "0000-00-00T00:00:00Z",
                         "2026-11-01T10:00:00", "20261101T100000Z", "2026-11-01T10:00:00+99:99", "99999-01-01T00:00:00Z", "-001-01-01T00:00:00Z")
             if w.verdict("eve", event(epcs=[x], time=t)) == "ok"]
    check(not taken, f"{taken}")
    return "invalid"


def dated_ahead(w):
    """2.15: an event told as of next year is marked, in the trace and by the verifier."""
    x = w.fresh("pallet")
    w.does("eve", observed(x, time="2031-01-01T00:00:00.000Z"))
    check(w.trace(x)["events"][0]["after_recording"], "the trace does not say it")
    code, said = w.judged(w.bundle(x))
    check(code == 0 and said["subjects"][0]["events"][0]["after_recording"], "the verifier does not say it")
    return "marked"


def addresses(w):
    """Paths and requests that should be refused, or be nothing."""
    for path in ("/v1/attachments/../keys/operator", "/v1/attachments/%2e%2e%2fkeys%2foperator", "/v1/documents/..%2f..%2fetc%2fpasswd",
                 "/v1/items/%00", "/v1/items/%ff%fe", "/v1/items/" + "a" * 3000, "/v1/receipts/..%2f..%2f/00", "/v1/members/..%2f..",
                 "/v1/transactions/eve/%00", "/v1/prefixes/" + "%2F" * 1000, "/v1/lots/?id=", "/v1/items?id=x&id=y", "//v1/status",
                 "/v1/items/%", "/v1/items/%zz", "/v1/grants/" + "x:" + "y" * 470):
        status, text = w.raw("GET", path)
        check(status in (400, 404, 414, 422) or (status == 200 and b"BEGIN" not in text and b"seed" not in text), f"{path}: {status} {text[:200]}")
    check(w.alive(), "the node is gone")
    return "refused"


def owners_routes(w):
    """On TCP nobody is the owner: backup, clock, witnesses."""
    out = set()
    for path, body in (("/v1/backup", b'{"dir":"/tmp/x"}'), ("/v1/clock/confirm", None), ("/v1/witnesses", b"{}")):
        status, text = w.raw("POST", path, body, {"Content-Type": "application/json"} if body else {})
        out.add(json.loads(text)["code"])
    return ", ".join(sorted(out))


def from_a_page(w):
    """A page of another site posts, and a name that resolves to loopback asks."""
    status, text = w.raw("POST", "/v1/transactions", b"", {"Content-Type": "application/x-protobuf", "Origin": "https://evil.example"})
    check(json.loads(text)["code"] == "forbidden", f"{text}")
    status, text = w.raw("GET", "/v1/status", None, {"Host": "evil.example"})
    return json.loads(text)["code"]
