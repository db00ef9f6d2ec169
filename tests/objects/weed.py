"""A real SeaweedFS server from a package: its master, volume, filer and S3 gateway in one process."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

KEY, SECRET = "mem-test", "mem-test-secret-canary"


class Weed:
    """One server below a folder, on ports of its own; buckets are made by the first write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        ports = _ports(4)
        self.port = ports[3]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        rights = folder / "s3.json"
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        keys = [{"accessKey": KEY, "secretKey": SECRET}]
        rights.write_text(
            json.dumps({"identities": [{"name": "mem", "credentials": keys, "actions": actions}]})
        )
        self._words = [
            Path(sys.executable).with_name("weed"), "server", f"-dir={folder}",
            "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-master.port={ports[0]}",
            f"-volume.port={ports[1]}", "-filer", f"-filer.port={ports[2]}", "-s3",
            f"-s3.port={self.port}", f"-s3.config={rights}", "-s3.iam=false", "-master.telemetry=false",
            "-master.volumeSizeLimitMB=64", "-volume.max=50", "-s3.port.iceberg=0", "-s3.port.lance=0",
        ]  # fmt: skip
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it and wait until it stores what it is given."""
        with (self._folder / "weed.log").open("ab") as log:
            self._process = subprocess.Popen(self._words, cwd=self._folder, stdout=log, stderr=log)
        limit = time.monotonic() + 30
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "weed.log").read_text()[-2000:]
            assert time.monotonic() < limit
            time.sleep(0.05)

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.endpoint}/healthz", timeout=1).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True


def _ports(count: int) -> list[int]:
    """Free ports whose neighbour 10,000 above, which SeaweedFS takes for gRPC, is free too."""
    found: list[int] = []
    while len(found) < count:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1] % 20_000 + 12_000
        try:
            for each in (port, port + 10_000):
                socket.create_server(("127.0.0.1", each)).close()
        except OSError:
            continue
        if port not in found:
            found.append(port)
    return found
