"""Addresses on standard input in; CPU milliseconds a source of a cold and of a
conditional pass out. What anybody's script does: requests and feedparser, one session."""

import sys
import time

import feedparser
import requests

addresses = sys.stdin.read().split()
session = requests.Session()
tags = {}


def run():
    began = time.process_time()
    for address in addresses:
        headers = {"If-None-Match": tags[address]} if address in tags else {}
        answer = session.get(address, headers=headers, timeout=30)
        if answer.status_code == 200:
            tags[address] = answer.headers["ETag"]
            feedparser.parse(answer.content)
    return 1000 * (time.process_time() - began) / len(addresses)


print(f"{run():.3f} {run():.3f}")
