"""Adds up JUnit reports and prints `N passed, N failed`: a missing report or a skipped test is a failure."""

import sys
import xml.etree.ElementTree as xml

passed = failed = 0
for path in (argument for argument in sys.argv[1:] if not argument.startswith("--")):
    try:
        cases = list(xml.parse(path).iter("testcase"))
    except (OSError, xml.ParseError) as error:
        print(f"conformance: a suite left no report: {error}", file=sys.stderr)
        cases = []
    bad = sum(any(case.find(tag) is not None for tag in ("failure", "error", "skipped")) for case in cases)
    passed += len(cases) - bad
    failed += bad if cases else 1

if "--failed" in sys.argv and failed == 0:
    failed = 1
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
