#!/usr/bin/env python3
"""Every link between the pages of this tree leads somewhere, and every decision has its number.

Checked in all *.md: the target of each relative link exists. In docs/decisions: no number is given
twice, and README.md has one row for each page, in the order of their numbers.
"""
import os
import re
import subprocess
import sys

LINK = re.compile(r"\]\(([^)\s]+)\)")
ROW = re.compile(r"^\| \[(\d{4})\]\((\d{4}-[a-z0-9-]+\.md)\) \|", re.M)
DECISIONS = "docs/decisions"


def broken_links(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        file = os.path.join(os.path.dirname(path), target.split("#")[0])
        if not os.path.exists(file):
            yield f"{path}: {target} leads nowhere"


def decisions():
    pages = sorted(p for p in os.listdir(DECISIONS) if p != "README.md")
    numbers = [p[:4] for p in pages]
    for n in sorted({n for n in numbers if numbers.count(n) > 1}):
        yield f"{DECISIONS}: {n} is given to {', '.join(p for p in pages if p[:4] == n)}"
    with open(f"{DECISIONS}/README.md", encoding="utf-8") as f:
        rows = ROW.findall(f.read())
    if [r[1] for r in rows] != pages or any(n != p[:4] for n, p in rows):
        yield f"{DECISIONS}/README.md: its rows are not the pages, in order, each under its number"


def main():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"],
                            capture_output=True, text=True)
    paths = listed.stdout.split() or [os.path.join(d, f) for d, _, fs in os.walk(".")
                                      for f in fs if f.endswith(".md")]
    wrong = [w for p in sorted(paths) if os.path.exists(p) for w in broken_links(p)]
    wrong += decisions()
    for w in wrong:
        print(w)
    print(f"links: {len(wrong)} finding{'s' if len(wrong) != 1 else ''}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
