"""Addresses on standard input in; CPU milliseconds a source of a cold and of a
conditional pass out, by lemon24's reader with its store in memory."""

import sys
import time

from reader import make_reader

addresses = sys.stdin.read().split()
reader = make_reader(":memory:")
for address in addresses:
    reader.add_feed(address)


def run():
    began = time.process_time()
    reader.update_feeds()
    return 1000 * (time.process_time() - began) / len(addresses)


print(f"{run():.3f} {run():.3f}")
