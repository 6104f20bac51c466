"""Reads `go test -json`: tells each package's result, what failed and why, and counts at the end."""
import json
import os
import sys
from collections import Counter

counts = Counter()
output = {}         # (package, test) -> lines, kept while it may yet fail
blamed = set()      # packages with a failed test
skips = []
known = 0           # failures counted at the end of the last module

for line in sys.stdin:
    try:
        event = json.loads(line)
    except ValueError:
        print(line, end='')
        continue
    action = event['Action']
    package, test = event.get('Package') or event.get('ImportPath', ''), event.get('Test')
    if action in ('output', 'build-output'):
        output.setdefault((package, test), []).append(event['Output'])
        continue
    if action == 'failed':
        if counts['fail'] == known:
            print('FAILED go test in', package, flush=True)
            counts['fail'] += 1
        known = counts['fail']
    if action not in ('pass', 'fail', 'skip', 'build-fail'):
        continue
    said = output.pop((package, test), [])
    if test:
        counts[action] += 1
        if action == 'skip':
            skips.append('%s %s: %s' % (package, test, ''.join(said).strip()))
        if action == 'fail':
            blamed.add(package)
            print('FAILED %s %s\n%s' % (package, test, ''.join(said)), flush=True)
    elif action == 'build-fail':
        print(''.join(said), flush=True)
    else:
        # A package may fail without a failed test: it does not build, a test panics, or the time is over.
        if action == 'fail' and package not in blamed:
            counts['fail'] += 1
            rest = [lines for key, lines in output.items() if key[0] == package]
            print('FAILED %s\n%s' % (package, ''.join(said + sum(rest, []))))
        print('%-4s %7.2fs  %s' % (action, event.get('Elapsed', 0), package), flush=True)

for skip in skips:
    print('SKIPPED', skip)
print('%d passed, %d failed, %d skipped' % (counts['pass'], counts['fail'], counts['skip']))
sys.exit(counts['fail'] > 0 or not counts['pass'] or (bool(os.environ.get('CI')) and counts['skip'] > 0))
