#!/usr/bin/env python3
"""A loopback server for tests: replays MSA replies, serves files, and misbehaves when the address says so.

  server.py PORT_FILE LOG_FILE [FILES_DIR [FEATURES_DIR]]

The port is written to PORT_FILE once the server listens; every request becomes a line of LOG_FILE. Ends with its parent.
  /msa/MODE/ticket/msa, /ticket/pair, /ticket/ID, /result/download/ID, /template/IDS
  /files/MODE/PATH     of FILES_DIR, with ranges, ETag and Last-Modified
  /status/CODE, /text, /slow, /cut, /long, /nul, /html, /loop
SPDX-License-Identifier: Apache-2.0
"""
import gzip, io, json, os, socket, sys, tarfile, threading, time, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port_file, log_file = sys.argv[1:3]
files_dir = sys.argv[3] if len(sys.argv) > 3 else "."
features_dir = sys.argv[4] if len(sys.argv) > 4 else None
lock = threading.Lock()
counts = {}  # of anything, by name
tickets = {}


def count(name):
    with lock:
        counts[name] = counts.get(name, 0) + 1
        return counts[name]


def recorded():
    """Recorded replies: sequence -> (unpaired, paired)."""
    known = {}
    if not features_dir or not os.path.isdir(features_dir):
        return known
    for job in sorted(os.listdir(features_dir)):
        case = os.path.join(features_dir, job, "case.json")
        if not os.path.isfile(case):
            continue
        for i, sequence in enumerate(json.load(open(case))["query_seqs_unique"]):
            texts = []
            for kind in ("unpaired", "paired"):
                path = os.path.join(features_dir, job, f"{kind}_{i}.a3m")
                texts.append(open(path).read() if os.path.isfile(path) else None)
            if texts[0] and "single_sequence" not in job:
                known[sequence] = texts
    return known


known = recorded()


def texts_of(sequence, number, is_pair):
    """(uniref, environmental) entries of a chain, or (paired,)."""
    found = known.get(sequence)
    head = f">{number}\n"
    if found and is_pair and found[1]:
        return [found[1]]
    if found and not is_pair:
        text = found[0]
        cut = text.find("\n>" + text[1 : text.index("\n")] + "\n", 1) + 1
        return [text[:cut], text[cut:]] if cut else [text, ""]
    rows = head + sequence + "\n"
    rows += f">hit{number}a\t10\n" + "A" + sequence[1:] + "\n>hit" + str(number) + "b\t9\n-" + sequence[1:-1] + "xyW\n"
    return [rows] if is_pair else [rows, head + sequence + "\n>env" + str(number) + "\n" + sequence[:-1] + "-\n"]


def tar_of(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def reply_archive(query, mode, how):
    lines = query.split("\n")
    entries = [(lines[i][1:], lines[i + 1]) for i in range(0, len(lines) - 1, 2)]
    is_pair = mode.startswith("pair")
    names = ["pair.a3m"] if is_pair else ["uniref.a3m", "bfd.mgnify30.metaeuk30.smag30.a3m"]
    texts = [b"" for _ in names]
    for number, sequence in entries:
        if how == "other":
            sequence = sequence[::-1] + "A"
        for i, text in enumerate(texts_of(sequence, number, is_pair)):
            if text:
                texts[i] += text.encode() + (b"" if text.endswith("\n") else b"\n") + b"\0"
    if not is_pair and "env" not in mode:
        # A search without environmental sequences has their file neither.
        names, texts = names[:1], texts[:1]
    members = [("out_dir/ignored.txt", b"x")] + list(zip(names, texts))
    members.append(("pdb70.m8", b"".join(f"{n}\t1abc_A\t0.9\n{n}\t2xyz_B\t0.8\n".encode() for n, _ in entries)))
    if how == "escape":
        members.append(("../escaped.a3m", b"x"))
    return tar_of(members)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self, body=""):
        line = json.dumps({"method": self.command, "path": self.path, "agent": self.headers.get("User-Agent", ""),
                           "range": self.headers.get("Range", ""), "body": body})
        with lock, open(log_file, "a") as out:
            out.write(line + "\n")

    def send(self, data, code=200, headers=(), length=None):
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        try:
            self.wfile.write(data)
            if length is not None and length > len(data):
                self.drop()
        except OSError:
            self.close_connection = True

    def drop(self):
        self.close_connection = True
        try:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def send_json(self, value):
        self.send(json.dumps(value).encode(), headers=[("Content-Type", "application/json")])

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.note(body)
        parts = self.path.split("/")
        if len(parts) < 3 or parts[1] != "msa":
            return self.send(b"no such place", 404)
        how, form = parts[2], urllib.parse.parse_qs(body)
        if how == "html":
            return self.send(b"<html>Welcome to the hotel</html>")
        n = count(("submit", how))
        if how == "http500" and n <= 2:
            return self.send(b"broken\x01here", 500)
        if how == "http429" and n <= 1:
            return self.send(b"slowly", 429, [("Retry-After", "1")])
        if how == "http400":
            return self.send(b"what do you mean", 400)
        if how == "drop" and n <= 2:
            return self.drop()
        if how == "ratelimit" and n <= 2:
            return self.send_json({"status": "RATELIMIT"})
        if how in ("error", "maintenance"):
            return self.send_json({"status": how.upper(), "id": "x"})
        if how == "badid":
            return self.send_json({"status": "PENDING", "id": "../../etc/passwd"})
        ticket = f"T{how}-{n}"
        tickets[ticket] = {"q": form["q"][0], "mode": form["mode"][0], "polls": 0, "pair": parts[4] == "pair"}
        self.send_json({"status": "PENDING", "id": ticket})

    def get_ticket(self, how, ticket):
        t = tickets.get(ticket)
        if not t or (how == "unknown" and ticket.endswith("-1")):
            return self.send_json({"status": "UNKNOWN", "id": ticket})
        t["polls"] += 1
        if how == "pending" and not os.path.exists(log_file + ".go"):
            return self.send_json({"status": "PENDING", "id": ticket})
        self.send_json({"status": "RUNNING" if t["polls"] < 2 else "COMPLETE", "id": ticket})

    def get_result(self, how, ticket):
        t = tickets.get(ticket)
        if not t:
            return self.send(b"", 404)
        data = reply_archive(t["q"], t["mode"], how)
        if how == "cut" and count(("cut", ticket)) <= 2:
            return self.send(data[: len(data) // 2], length=len(data))
        if how == "page":
            data = b"<html>gone</html>"
        self.send(data)

    def get_file(self, how, path):
        full = os.path.join(files_dir, path)
        if how == "missing" or not os.path.isfile(full):
            return self.send(b"not here", 404)
        data = open(full, "rb").read()
        n = count(("file", how, path))
        etag, modified = f'"{len(data)}-{how}"', "Mon, 02 Jan 2023 10:00:00 GMT"
        if how in ("change", "changedate", "changeblind") and n > 3:
            data = open(full + ".new", "rb").read()
            etag, modified = '"new"', "Tue, 03 Jan 2023 10:00:00 GMT"
        if how == "wrong" and os.path.exists(log_file + ".wrong"):
            data = data[:1000] + b"?" + data[1001:]
        headers = [("Last-Modified", modified)]
        if how != "changedate":
            headers.append(("ETag", etag))
        if how == "html":
            return self.send(b"<html>Please log in</html>", headers=[("Content-Type", "text/html")])
        if how == "flaky" and n % 3 == 0:
            return self.send(b"overloaded", 503)
        first, last, code = 0, len(data) - 1, 200
        wanted = self.headers.get("Range", "")
        if_range = self.headers.get("If-Range")
        is_same = if_range is None or if_range in (etag, modified) or how == "changeblind"
        if wanted.startswith("bytes=") and how != "noranges" and is_same:
            begin, end = wanted[6:].split("-")
            first, last, code = int(begin), min(int(end) if end else last, last), 206
            headers.append(("Content-Range", f"bytes {first}-{last}/{len(data)}"))
        part = data[first : last + 1]
        if how == "drop" and len(part) > 300000:
            return self.send(part[:300000], code, headers, length=len(part))
        if how == "short":
            return self.send(part[: len(part) // 2], code, headers)
        if how == "slow":
            return self.send_slowly(part, code, headers)
        self.send(part, code, headers)

    def send_slowly(self, data, code, headers):
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            for i in range(0, len(data), 65536):
                self.wfile.write(data[i : i + 65536])
                time.sleep(float(os.environ.get("SLOW_S", "0.03")))
        except OSError:
            self.close_connection = True

    def do_GET(self):
        self.note()
        parts = self.path.split("/")
        kind = parts[1]
        if kind == "files":
            return self.get_file(parts[2], "/".join(parts[3:]))
        if kind == "msa" and parts[3] == "ticket":
            return self.get_ticket(parts[2], parts[4])
        if kind == "msa" and parts[3] == "result":
            return self.get_result(parts[2], parts[5])
        if kind == "msa" and parts[3] == "template":
            members = [(f"{name}.cif", f"data_{name}\n".encode()) for name in parts[4].split(",")]
            return self.send(tar_of(members + [("pdb70_a3m.ffindex", b"i"), ("pdb70_a3m.ffdata", b"d")]))
        if kind == "status":
            return self.send(b"reason \x02 of it", int(parts[2]), [("Retry-After", "7")])
        if kind == "loop":
            return self.send(b"", 302, [("Location", "/loop")])
        if kind == "moved":
            return self.send(b"", 302, [("Location", "/text")])
        if kind == "local":
            return self.send(b"", 302, [("Location", "file:///etc/passwd")])
        if kind == "cut":
            return self.send(b"half", length=8)
        if kind == "slow":
            self.send_response(200)
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"12345")
            self.wfile.flush()
            return time.sleep(20)
        if kind == "long":
            return self.send(b"x" * 3000000)
        if kind == "nul":
            return self.send(b"a\0b\0")
        if kind == "text":
            return self.send(b"hello", headers=[("ETag", '"e"'), ("Content-Type", "text/plain")])
        self.send(b"no such place", 404)


def end_with_parent(parent):
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients that go away are what is tested


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=end_with_parent, args=(os.getppid(),), daemon=True).start()
with open(port_file + ".tmp", "w") as out:
    out.write(str(server.server_address[1]))
os.rename(port_file + ".tmp", port_file)
server.serve_forever()
