"""As much of an S3 server as pyarrow's client needs, in memory, on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]
    uploads: dict[str, dict[int, bytes]]

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        values = parse_qs(parts.query, keep_blank_values=True)
        return unquote(parts.path).lstrip("/"), {key: value[0] for key, value in values.items()}

    def _body(self) -> bytes:
        if "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            data = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        signed = (self.headers.get("x-amz-content-sha256") or "").startswith("STREAMING")
        if not signed and "aws-chunked" not in (self.headers.get("Content-Encoding") or ""):
            return data
        plain = b""
        while data:
            head, _, data = data.partition(b"\r\n")
            size = int(head.split(b";")[0], 16)
            if size == 0:
                return plain
            plain, data = plain + data[:size], data[size + 2 :]
        return plain

    def _answer(self, code: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        key, query = self._asked()
        if "list-type" in query:
            self._answer(200, self._listing(key.rstrip("/"), query.get("prefix", ""), query.get("delimiter", "")))
        elif "/" not in key.rstrip("/"):
            self._answer(200)
        elif key not in self.objects:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            data, told = self.objects[key], self.headers.get("Range")
            common = {"ETag": '"x"', "Last_Modified": "Wed, 01 Jan 2025 00:00:00 GMT"}
            if told is None:
                self._answer(200, data, **common)
            else:
                start, end = (int(value) for value in told.removeprefix("bytes=").split("-"))
                end = min(end, len(data) - 1)
                place = f"bytes {start}-{end}/{len(data)}"
                self._answer(206, data[start : end + 1], Content_Range=place, **common)

    def _listing(self, bucket: str, prefix: str, delimiter: str) -> bytes:
        keys = sorted(key.removeprefix(f"{bucket}/") for key in self.objects if key.startswith(f"{bucket}/{prefix}"))
        files, folders = [], set()
        for key in keys:
            rest = key.removeprefix(prefix)
            if delimiter and delimiter in rest:
                folders.add(prefix + rest.split(delimiter)[0] + delimiter)
            else:
                size = len(self.objects[f"{bucket}/{key}"])
                stamp = "2025-01-01T00:00:00.000Z"
                files.append(
                    f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size><ETag>x</ETag>"
                    f"<LastModified>{stamp}</LastModified></Contents>"
                )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in sorted(folders)
        )
        count = f"<KeyCount>{len(files) + len(folders)}</KeyCount><IsTruncated>false</IsTruncated>"
        return f"<ListBucketResult>{count}{''.join(files)}{common}</ListBucketResult>".encode()

    def do_PUT(self) -> None:
        (key, query), body = self._asked(), self._body()
        if "partNumber" in query:
            self.uploads[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.objects[key] = body
        self._answer(200, ETag='"x"')

    def do_POST(self) -> None:
        (key, query), _ = self._asked(), self._body()
        if "uploads" in query:
            name = f"upload{len(self.uploads)}"
            self.uploads[name] = {}
            self._answer(
                200,
                f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>".encode(),
            )
        else:
            parts = self.uploads[query["uploadId"]]
            self.objects[key] = b"".join(parts[number] for number in sorted(parts))
            self._answer(200, b"<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")

    def do_DELETE(self) -> None:
        self.objects.pop(self._asked()[0], None)
        self._answer(204)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def fake_s3() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Yields ``host:port`` of a server, and its objects by ``bucket/key``."""
    objects: dict[str, bytes] = {}
    handler = type("Handler", (_Handler,), {"objects": objects, "uploads": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", objects
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
