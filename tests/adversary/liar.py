"""2.2, 2.7, 2.8, 2.13: a malicious operator with two folders of one chain, an old key, a witness of his own making;
and what a verifier is fed."""
import json
import os
import shutil
import socket
import stat
import threading

from world import Key, World, check, event, observed, varint, vector, vectors


class Operator(World):
    """A node that is stopped: commands open the folder themselves, so that the operator can go on with either of two copies."""

    def __init__(self, w, name):
        super().__init__(w.programs, os.path.join(w.folder, name), {"anna": "supplier"}, seed=name)
        self.node = os.path.join(self.folder, "node")
        self.close()

    def at(self, node):
        self.environment["ARGOSY_DATA_DIR"] = node
        return self

    def copy(self, name):
        to = os.path.join(self.folder, name)
        shutil.copytree(self.node, to, ignore=lambda d, names: [n for n in names if stat.S_ISSOCK(os.stat(os.path.join(d, n)).st_mode)])
        return to

    def observes(self, thing, step="inspecting", n=0):
        """Through `argosy import`; what is proven is in the block before the newest, so one more follows."""
        totals, codes = self.importing("anna", [{"type": "ObjectEvent", "eventTime": f"2026-11-{n % 28 + 1:02d}T10:00:00Z",
                                                 "eventTimeZoneOffset": "+00:00", "action": "OBSERVE", "epcList": [thing],
                                                 "bizStep": step}])
        check(totals["recorded"] == 1, f"{totals} {codes}")

    def evidence(self, a, b, *more):
        done = self.run("argosy-verify", "evidence", a, b, "--json", *more)
        try:
            said = json.loads(done.stdout)
        except ValueError:
            raise RuntimeError(f"evidence: {done.returncode} {done.stdout} {done.stderr}")
        return done.returncode, said

    def follow(self, node, key, *more):
        """A partner executes the chain in that folder: the exit code and what he says."""
        done = self.run("argosy", "witness", "follow", node, "--key", key, "--name", "Partner", "--genesis", self.genesis,
                        "--work", os.path.join(self.folder, "partner-work"), "--seen", os.path.join(self.folder, "partner-seen"),
                        "-o", os.path.join(self.folder, "cosignature.json"), *more)
        return done.returncode, done.stderr + done.stdout


def two_histories(w):
    """He keeps two folders and shows anna one and the customer another."""
    o, thing = Operator(w, "two"), w.fresh("pallet")
    o.observes(thing, "storing")
    head = os.path.join(o.folder, "head")
    o.must("head", "export", "-o", head)
    other = o.copy("other")
    o.observes(thing, "destroying", 1)
    a = o.bundle(thing)
    o.at(other).observes(thing, "shipping", 2)
    b = o.bundle(thing)
    for path in (a, b):
        code, said = o.judged(path)
        check(code == 0 and "second_history" in said["not_proven"], f"the caveat is gone: {said}")
    code, said = o.evidence(a, b)
    check(code == 0, f"evidence: exit {code}, {said}")
    return said["conflict"]


def held_head(w):
    """The customer holds a head of the history that anna sees; the other is refused, and even the continued one keeps its caveat."""
    o, thing = Operator(w, "held"), w.fresh("pallet")
    o.observes(thing, "storing")
    other = o.copy("other")
    o.observes(thing, "destroying", 1)
    head = os.path.join(o.folder, "head")
    o.must("head", "export", "-o", head)
    good = o.bundle(thing, "--since", head)
    code, said = o.judged(good, "--head", head)
    check(code == 0 and "second_history" in said["not_proven"], f"with a head held the caveat is gone: {code} {said}")
    o.at(other)
    for n in (2, 3, 4):
        o.observes(thing, "shipping", n)
    code, said = o.judged(o.bundle(thing), "--head", head)
    check(code == 4, f"accepted: {said}")
    return said["reason"]


def partner_is_shown_two(w):
    """A partner who executed one history is shown the other."""
    o, thing = Operator(w, "partner"), w.fresh("pallet")
    key = Key("partner").save(os.path.join(o.folder, "partner.key"), "Partner")
    o.observes(thing, "storing")
    other = o.copy("other")
    o.observes(thing, "destroying", 1)
    code, said = o.follow(o.node, key)
    check(code == 0, f"he refused an honest chain: {said}")
    o.at(other)
    for n in (2, 3):
        o.observes(thing, "shipping", n)
    code, said = o.follow(other, key)
    check(code == 4, f"he signed both: {code} {said}")
    return "refused"


def hostile_journal(w):
    """A journal with a byte changed in each of sixty places, cut in twenty, and another chain's: never signed, never a crash."""
    o, thing = Operator(w, "journal"), w.fresh("pallet")
    key = Key("partner").save(os.path.join(o.folder, "partner.key"), "Partner")
    for n in range(3):
        o.observes(thing, "storing", n)
    size = sum(os.path.getsize(os.path.join(o.node, "log", f)) for f in os.listdir(os.path.join(o.node, "log")))
    segment = os.path.join("log", sorted(os.listdir(os.path.join(o.node, "log")))[0])
    content = open(os.path.join(o.node, segment), "rb").read()
    lied = os.path.join(o.folder, "lied")
    os.makedirs(os.path.join(lied, "log"))
    codes = {}
    for i in range(40):
        at = (2 * i + 1) * len(content) // 80
        changed = content[:at] + bytes([content[at] ^ 1 << i % 8]) + content[at + 1:] if i % 4 else content[:at]
        with open(os.path.join(lied, segment), "wb") as f:
            f.write(changed)
        for junk in ("partner-work", "partner-seen"):
            shutil.rmtree(os.path.join(o.folder, junk), ignore_errors=True)
            if os.path.isfile(os.path.join(o.folder, junk)):
                os.unlink(os.path.join(o.folder, junk))
        done = o.run("argosy", "witness", "follow", lied, "--key", key, "--name", "P", "--genesis", o.genesis, "--work",
                     os.path.join(o.folder, "partner-work"), "--seen", os.path.join(o.folder, "partner-seen"), "--json",
                     "-o", os.path.join(o.folder, "c.json"))
        check(done.returncode in (0, 1, 4, 6, 8), f"byte {at} of {size}: exit {done.returncode} {done.stderr}")
        if done.returncode == 0 and i % 4:
            signed = json.load(open(os.path.join(o.folder, "c.json")))
            check(signed["height"] < json.loads(o.must("status", "--json"))["height"], f"byte {at}: signed {signed}")
        codes[done.returncode] = codes.get(done.returncode, 0) + 1
    return "refused" if codes.get(4, 0) + codes.get(8, 0) > 25 else f"{codes}"


def hostile_socket(w):
    """What a partner follows is no node: other bytes, no end, lengths that lie, another place to go."""
    o = Operator(w, "socket")
    key = Key("partner").save(os.path.join(o.folder, "partner.key"), "Partner")
    genesis, asked = w.raw("GET", "/v1/journal?after=0")[1][:2000], []
    ok = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
    answers = {
        "nothing": [b""], "no HTTP": [os.urandom(5000)], "no journal": [(ok + "Content-Length: 5000\r\n\r\n").encode() + os.urandom(5000)],
        "no end": [(ok + "\r\n").encode()] + [genesis + b"\2" + varint(1 << 20) + bytes(1 << 20)] * 40,
        "long": [(ok + "Content-Length: 11\r\n\r\n").encode() + b"\1" + b"\xff" * 9 + b"\1"],
        "huge": [(ok + f"Content-Length: {1 << 62}\r\n\r\n").encode() + genesis],
        "elsewhere": [b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"],
        "headers": [b"HTTP/1.1 200 OK\r\n"] + [b"X: " + b"y" * 60000 + b"\r\n"] * 40,
        "unknown record": [(ok + "Content-Length: 3\r\n\r\n").encode() + b"\x63\1\0"],
    }
    for n, (name, parts) in enumerate(answers.items()):
        path = os.path.join(o.folder, f"s{n}")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            server.settimeout(0.1)
            over = threading.Event()

            def serve():
                while not over.is_set():
                    try:
                        c, _ = server.accept()
                    except (TimeoutError, OSError):
                        continue
                    with c:
                        try:
                            request = c.recv(65536).split(b" ")
                            path = request[1].decode() if len(request) > 1 else ""
                            if path.startswith("/v1/journal"):
                                asked.append(path)
                                for p in parts:
                                    c.sendall(p)
                            elif path:  # whatever else he asks he is told truly
                                text = w.raw("GET", path)[1]
                                c.sendall(f"{ok}Content-Length: {len(text)}\r\n\r\n".encode() + text)
                        except OSError:
                            pass  # he had enough

            t = threading.Thread(target=serve)
            t.start()
            out = os.path.join(o.folder, f"c{n}.json")
            done = o.run("argosy", "witness", "follow", path, "--key", key, "--name", "P", "--genesis", w.genesis, "--json", "--timeout", "60",
                         "--work", os.path.join(o.folder, f"work{n}"), "--seen", os.path.join(o.folder, f"seen{n}"), "-o", out)
            over.set()
            t.join()
        check(done.returncode in (0, 1, 3, 4, 6, 8), f"{name}: exit {done.returncode} {done.stderr}")
        check(not os.path.exists(out), f"{name}: he signed something")
        check(len(asked) > n, f"{name}: he did not ask for the journal: {done.stderr}")
        check("root:" not in done.stderr + done.stdout, f"{name}: {done.stderr}")
        size = sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(os.path.join(o.folder, f"work{n}")) for f in files)
        check(size < 8 << 20, f"{name}: {size} bytes were kept")
    return "not signed"


def own_witness(w):
    """He makes a key, calls it "SGS Inspection", and witnesses himself."""
    o, thing = Operator(w, "witness"), w.fresh("pallet")
    o.observes(thing)
    sgs = Key("not sgs")
    key = sgs.save(os.path.join(o.folder, "sgs.key"), "SGS Inspection")
    code, said = o.follow(o.node, key)
    check(code == 0, said)
    o.must("witness", "add", os.path.join(o.folder, "cosignature.json"))
    path = o.bundle(thing)
    code, said = o.judged(path)
    check(code == 0 and len(said["witnesses"]) == 1, f"{said}")
    check(not said["witnesses"][0].get("counts"), f"it counts: {said['witnesses']}")
    check("second_history" in said["not_proven"], "the caveat is gone")
    text = o.run("argosy-verify", path, "--genesis", o.genesis).stdout
    proven = text.split("Not proven:")[0]
    check("Witnessed by the key that you named" not in text and "SGS" not in proven.replace("unnamed", ""), f"{text}")
    code, said = o.judged(path, "--witness", sgs.public.hex())
    check(said["witnesses"][0]["counts"] and "second_history" in said["not_proven"], f"named: {said}")
    return "does not count"


def validator_as_witness(w):
    """The reader is told to name the validator's own key."""
    o, thing = Operator(w, "validator"), w.fresh("pallet")
    o.observes(thing)
    key = os.path.join(o.node, "keys", "validator.key")
    if not os.path.exists(key):
        key = [os.path.join(o.node, "keys", f) for f in os.listdir(os.path.join(o.node, "keys")) if "validator" in f][0]
    code, said = o.follow(o.node, key)
    if code != 0:
        return "does not count"
    o.must("witness", "add", os.path.join(o.folder, "cosignature.json"))
    code, said = o.judged(o.bundle(thing), "--witness", [l for l in open(key) if l.startswith("public")][0].split()[1])
    check(not any(x.get("counts") for x in said["witnesses"]), f"{said['witnesses']}")
    return "does not count"


def replaced_key(w):
    """The validator's key was stolen and replaced; the thief goes on with the old one in a copied folder."""
    o, thing = Operator(w, "thief"), w.fresh("pallet")
    o.observes(thing)
    thief = o.copy("thief-node")
    o.must("key", "rotate", "validator", "--next-key", os.path.join(o.node, "keys", "next-validator.key"), "--new-next-key", os.path.join(o.folder, "later.key"))
    o.observes(thing, "storing", 1)
    head = os.path.join(o.folder, "head")
    o.must("head", "export", "-o", head)
    o.at(thief)
    for n in range(2, 9):
        o.observes(thing, "shipping", n)
    lie = o.bundle(thing)
    code, said = o.judged(lie)
    check(code == 0 and "key_replaced" in said["not_proven"], f"without the caveat: {said}")
    code, said = o.judged(lie, "--head", head)
    check(code == 4, f"accepted above the rotation: {said}")
    return said["reason"]


def backup_resumed(w):
    """An honest operator restores a backup and resumes, as documented: he is no liar."""
    o, thing = Operator(w, "resumed"), w.fresh("pallet")
    o.observes(thing)
    o.must("backup", "create", os.path.join(o.folder, "backup"))
    o.observes(thing, "storing", 1)
    lost = o.bundle(thing)
    head = os.path.join(o.folder, "head")
    o.must("head", "export", "-o", head)
    o.at(os.path.join(o.folder, "restored"))
    o.must("restore", os.path.join(o.folder, "backup"))
    o.must("resume", "--last-head", head)
    o.observes(thing, "shipping", 2)
    code, said = o.evidence(lost, o.bundle(thing))
    check(code == 5, f"evidence: exit {code}, {said}")
    return said["conflict"]


def resumed_as_an_excuse(w):
    """A liar resumes to excuse a second history, and still goes on with the first."""
    o, thing = Operator(w, "excuse"), w.fresh("pallet")
    o.observes(thing)
    other = o.copy("other")
    o.must("backup", "create", os.path.join(o.folder, "backup"))
    o.at(os.path.join(o.folder, "restored"))
    o.must("restore", os.path.join(o.folder, "backup"))
    o.must("resume", "--none-known")
    o.observes(thing, "shipping", 2)
    excused = o.bundle(thing)
    __import__("time").sleep(1.1)  # a header's second later
    o.at(other)
    o.observes(thing, "destroying", 3)
    code, said = o.evidence(excused, o.bundle(thing))
    check(code == 0, f"excused: exit {code}, {said}")
    return said["conflict"]


def hidden_event(w):
    """The vectors: a state whose history lacks what its log holds, and the sender's receipt."""
    o = w
    v = vectors()
    done = o.run("argosy-verify", vector("accept/hides"), "--genesis", v["accept/hides"]["fingerprint"], "--json")
    said = json.loads(done.stdout)
    check("second_history" in said["not_proven"], "the caveat is gone")
    done = o.run("argosy-verify", "evidence", vector("accept/receipt"), vector("accept/hides"), "--json")
    check(done.returncode == 0, f"{done.stdout}{done.stderr}")
    return json.loads(done.stdout)["conflict"]


def left_out(w):
    """Every rejecting vector, at the door: exit 4, with its reason."""
    wrong = []
    for file, row in vectors().items():
        if not file.startswith("reject/"):
            continue
        args = []
        for option in row["options"].split():
            kind, _, value = option.partition("=")
            if kind in ("head", "witness"):
                args += ["--" + kind, vector(value) if kind == "head" else value]
        done = w.run("argosy-verify", vector(file), "--genesis", row["fingerprint"], "--json", *args)
        if done.returncode != 4 or json.loads(done.stdout)["reason"] != row["reason"]:
            wrong.append((file, done.returncode, done.stdout[:200]))
    check(not wrong, f"{wrong}")
    return "refused"


def output_size(w):
    """A history of long names: what the verifier says stays within a small multiple of the proof."""
    thing = w.fresh("pallet")
    w.does("eve", observed(thing, step="storing"))
    for k in range(4):
        w.does("eve", *[event(epcs=[thing], step=f"https://e.example/{k}/{i}/" + "y" * 400, id=f"urn:x-o:{w.seed}:{thing[-4:]}:{k}:{i}")
                        for i in range(250)])
    path = w.bundle(thing)
    size = os.path.getsize(path)
    done = w.run("argosy-verify", path, "--genesis", w.genesis, "--json")
    check(done.returncode == 0, done.stdout[:500])
    check(len(done.stdout) < 1001 * (3 * 480 + 800), f"{size} bytes of proof, {len(done.stdout)} of JSON")
    return "bounded"
