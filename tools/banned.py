#!/usr/bin/env python3
"""Finds banned calls. A line may opt out with /* allowed: why */ on the same line.

Everywhere: calls that overflow or parse loosely. Below src/node (the deterministic floors):
clocks, randomness, the environment, the locale, floats.
"""
import pathlib
import re
import sys

EVERYWHERE = r"\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atof|rand|srand|strtok|alloca)\s*\("
BELOW_NODE = (
    r"\b(time|gettimeofday|clock_gettime|clock|localtime|localtime_r|gmtime|mktime|strftime|"
    r"getenv|secure_getenv|setlocale|random|drand48|randombytes\w*|RAND_bytes|getpid|"
    r"strtod|strtof|isalpha|isalnum|isspace|isupper|islower|toupper|tolower|strcasecmp|qsort_r)\s*\(|"
    r"\b(float|double)\b"
)
DETERMINISTIC = {"base", "crypto", "verify", "state", "journal", "ledger", "data", "contract", "trade",
                 "proof"}


def code_lines(text):
    """The text with comments and string literals blanked, line by line."""

    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))

    text = re.sub(r'"(\\.|[^"\\\n])*"', blank, text)
    return re.sub(r"/\*.*?\*/|//[^\n]*", blank, text, flags=re.S).splitlines()


bad = 0
for path in sorted(pathlib.Path("src").glob("*/*.[ch]")):
    test = path.name.endswith("_test.c")
    raw = path.read_text()
    originals = raw.splitlines()
    for number, line in enumerate(code_lines(raw), 1):
        if "/* allowed:" in originals[number - 1]:
            continue
        hit = re.search(EVERYWHERE, line)
        if not hit and path.parts[1] in DETERMINISTIC and not test:
            hit = re.search(BELOW_NODE, line)
        if hit:
            print(f"{path}:{number}: banned: {hit.group(0).strip()}")
            bad += 1
print(f"banned: {bad} finding{'s' if bad != 1 else ''}")
sys.exit(bad > 0)
