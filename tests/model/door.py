"""door: a real node with default settings, and members who go in through its command and its HTTP API."""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time

PASSPHRASE = "a model's passphrase"
WAIT_SECONDS = 1500  # to end a hang alone, before run-rows ends the row


def document(events):
    return {"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "EPCISDocument",
            "schemaVersion": "2.0", "creationDate": "2026-01-01T00:00:00Z", "epcisBody": {"eventList": events}}


class Door:
    """A node in `folder`, with members whose keys lie in `keys` (made once, used again)."""

    def __init__(self, programs, folder, keys, members):
        self.programs, self.folder, self.keys = programs, folder, keys
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("ARGOSY", "LC_", "LANG"))}
        # Nothing of who runs it: contexts, heads seen before.
        for home in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
            self.environment[home] = folder
        self.environment.update(ARGOSY_DATA_DIR=os.path.join(folder, "node"), ARGOSY_PASSPHRASE=PASSPHRASE)
        self.made = 0
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        os.makedirs(keys, exist_ok=True)
        self.must("init", "--member", "boss", "--name", "Boss", "--country", "NL", "--no-passphrase")
        for m in members:
            for kind in ("person", "agent"):
                if not os.path.exists(self.key(m, kind)):
                    self.must("key", "create", self.key(m, kind), "--kind", kind, "--name", m)
            self.must("member", "admit", m, "--name", m, "--country", "NL", "--role", "carrier",
                      "--person-key", self.key(m, "person"), "--agent-key", self.key(m, "agent"))
        log = open(os.path.join(folder, "argosyd.log"), "w")
        self.daemon = subprocess.Popen([os.path.join(programs, "argosyd"), "--listen", "127.0.0.1:0"],
                                       env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.port = self.await_port()
        self.genesis = self.must("genesis", "fingerprint").strip()

    def key(self, member, kind):
        return os.path.join(self.keys, f"{member}.{kind}.key")

    def await_port(self):
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            with open(os.path.join(self.folder, "argosyd.log")) as f:
                found = re.search(r"msg=ready .*port=(\d+)", f.read())
            if found:
                return int(found.group(1))
            if self.daemon.poll() is not None:
                break
            time.sleep(0.02)
        with open(os.path.join(self.folder, "argosyd.log")) as f:
            raise RuntimeError("argosyd did not start: " + f.read())

    def close(self):
        self.daemon.send_signal(signal.SIGTERM)
        if self.daemon.wait(WAIT_SECONDS) != 0:
            raise RuntimeError(f"argosyd ended with {self.daemon.returncode}")

    # ---- commands ----

    def run(self, program, *args):
        return subprocess.run([os.path.join(self.programs, program), *args], env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=WAIT_SECONDS)

    def must(self, *args):
        done = self.run("argosy", *args)
        if done.returncode:
            raise RuntimeError(f"argosy {' '.join(args)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def act(self, member, *args, person=False):
        """One act; gives "ok" or the verdict's name."""
        done = self.run("argosy", *args, "--json", "--member", member, "--key",
                        self.key(member, "person" if person else "agent"))
        return "ok" if done.returncode == 0 else self.code(done)

    @staticmethod
    def code(done):
        try:
            problem = json.loads(done.stderr.strip().splitlines()[-1])
        except (ValueError, IndexError):
            raise RuntimeError(f"exit {done.returncode}: {done.stdout}{done.stderr}")
        return problem["code"]

    def document(self, events):
        self.made += 1
        path = os.path.join(self.folder, f"{self.made}.jsonld")
        with open(path, "w") as f:
            json.dump(document(events), f)
        return path

    def importing(self, member, events, *more):
        """`argosy import epcis` on default settings; its totals, and the codes of what it refused."""
        path = self.document(events)
        done = self.run("argosy", "import", "epcis", path, "--json", "--member", member, "--key",
                        self.key(member, "agent"), *more)
        if not done.stdout.strip():
            raise RuntimeError(f"import: exit {done.returncode}: {done.stderr}")
        totals = json.loads(done.stdout)
        codes = {}
        for line in done.stderr.splitlines():
            for e in json.loads(line).get("errors", []) if line.startswith("{") else []:
                if "event" in e:
                    codes.setdefault(e["event"], e.get("code"))
        return totals, codes

    def signed(self, member, *args):
        """A signed transaction, not sent."""
        self.made += 1
        path = os.path.join(self.folder, f"{self.made}.tx")
        self.must(*args, "--member", member, "--key", self.key(member, "agent"), "--to-file", path)
        return path

    def submit(self, path):
        done = self.run("argosy", "submit", path, "--json")
        return "ok" if done.returncode == 0 else self.code(done)

    def posting(self, acts):
        """Signed acts of several members as one request over TCP, in that order; the verdict of each."""
        many = b""
        for member, args in acts:
            with open(self.signed(member, *args), "rb") as f:
                tx = f.read()
            n, length = len(tx), b""
            while n > 127:
                length, n = length + bytes([n & 127 | 128]), n >> 7
            many += length + bytes([n]) + tx
        return [a["verdict"] for a in self.http("POST", "/v1/transactions", many, "application/x-protobuf;many")["answers"]]

    # ---- HTTP ----

    def http(self, method, path, body=None, kind=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        c.request(method, path, body, {"Content-Type": kind} if kind else {})
        r = c.getresponse()
        text = r.read()
        c.close()
        if r.status == 404:
            return None
        if r.status != 200:
            raise RuntimeError(f"{method} {path}: {r.status} {text[:500]!r}")
        return json.loads(text)

    def item(self, name):
        return self.http("GET", "/v1/items/" + name.replace("/", "%2F"))

    def trace(self, name):
        return self.http("GET", "/v1/items/" + name.replace("/", "%2F") + "/trace?claims=1")

    def proof(self, name):
        """The history as a stranger sees it who has nothing but the fingerprint."""
        path = os.path.join(self.folder, "item.bundle")
        self.must("prove", name, "-o", path)
        done = self.run("argosy-verify", path, "--genesis", self.genesis, "--json")
        if done.returncode:
            raise RuntimeError(f"the proof of {name} is refused: {done.stdout}")
        return json.loads(done.stdout)["subjects"][0]
