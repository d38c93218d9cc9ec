# SPDX-License-Identifier: MIT
"""The guests of the bench, the packages they are made of and where these lie.

Versions stand here in full, so that kernel, modules and headers always match
and a run can be repeated. Raise them by hand.
"""
import fcntl
import glob
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
CACHE = os.environ.get("CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "nvdla")
VM = os.path.join(CACHE, "vm")
OUT = os.path.join(TOP, "build", "vm")

BACKPORT = "7.3.4+deb13"
STABLE = "6.12.107+deb13"
SOURCE = "linux-source-7.3"

# What a guest's user land has besides what a caller brings.
USERLAND = ["busybox-static", "kmod", "libc6", "libgcc-s1", "libstdc++6", "libdrm2"]
# Modules every guest has at hand; what is built in or unknown is passed over.
MODULES = ["virtio_pci", "virtio_console", "9p", "9pnet_virtio", "virtio_iommu", "virtio_rng",
           "virtio_blk", "ext4", "crc32c_generic", "crc32c_intel",
           "drm", "drm_shmem_helper", "gpu-sched", "vgem", "udmabuf", "pciehp",
           "governor_simpleondemand", "governor_performance", "governor_powersave",
           "governor_userspace"]
BASE = ["base-files", "bash", "dash", "coreutils"]
BUILD = BASE + [
    "findutils", "grep", "sed", "gawk", "make", "gcc-14", "gcc-14-aarch64-linux-gnu", "libc6-dev",
    "bc", "flex", "bison", "libelf-dev", "libssl-dev", "python3", "xz-utils", "zstd", "kmod",
    "cpio", "rsync", "perl", "diffutils", "gzip", "tar", "util-linux", "pahole", "hostname"]


class Guest:
    """One guest: its kernel and how a machine for it looks."""

    def __init__(self, name, arch, suite, version, debug=False):
        self.name = name
        self.arch = arch
        self.suite = suite
        self.version = version
        self.debug = debug
        self.release = (version.split("+")[0] + "-nvdla-debug") if debug else f"{version}-{arch}"
        self.kernel = os.path.join(VM, "kernel-" + name)
        self.headers = os.path.join(VM, "headers-" + name)
        self.out = os.path.join(OUT, name)
        self.userland = os.path.join(VM, "userland-" + arch)
        self.triplet = {"arm64": "aarch64-linux-gnu", "amd64": "x86_64-linux-gnu"}[arch]

    @property
    def image(self):
        if self.version == STABLE:
            return os.path.join(self.kernel, "boot", "vmlinuz-" + self.release)
        return os.path.join(self.modules, "vmlinuz")

    @property
    def modules(self):
        return os.path.join(self.kernel, "usr/lib/modules", self.release)

    @property
    def kernel_packages(self):
        if self.version == STABLE:
            return [f"linux-image-{self.release}"]
        return [f"linux-{part}-{self.release}" for part in ("base", "binary", "modules")]

    @property
    def header_packages(self):
        packages = [f"linux-headers-{self.release}", f"linux-headers-{self.version}-common"]
        # The build programs run here, whatever the guest is.
        return packages + ([f"linux-kbuild-{self.version}"] if self.arch == "amd64" else [])


GUESTS = {guest.name: guest for guest in (
    Guest("arm64-7.3", "arm64", "trixie-backports", BACKPORT),
    Guest("amd64-7.3", "amd64", "trixie-backports", BACKPORT),
    Guest("amd64-6.12", "amd64", "trixie", STABLE),
    Guest("amd64-debug", "amd64", "trixie-backports", BACKPORT, debug=True),
)}


def find(name):
    """Return the guest of that name, or leave with a message."""
    if name not in GUESTS:
        sys.exit(f"no guest is named '{name}'; there are: {' '.join(GUESTS)}")
    return GUESTS[name]


def own_environment(**more):
    """The environment without what a surrounding make was told, such as to be silent."""
    return {name: value for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MFLAGS", "SAN")} | more


def in_tree(tree, *command, **options):
    """Run a command in one of the unpacked trees of the cache."""
    environment = own_environment(CACHE=CACHE, LC_ALL="C", LANG="C")
    return subprocess.run([os.path.join(HERE, "in-tree"), os.path.join(VM, tree), *command],
                          env=environment, check=True, **options)


class Lock:
    """Keep two runs from making the same thing in the cache."""

    def __init__(self, name):
        os.makedirs(VM, exist_ok=True)
        self.path = os.path.join(VM, name + ".lock")

    def __enter__(self):
        self.file = open(self.path, "w", encoding="ascii")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def unpack(folder, suite, arch, packages, only=False):
    """Unpack packages into a folder of the cache; return whether it is new."""
    path = os.path.join(VM, folder)
    stamp = os.path.join(path, ".complete")
    before = os.stat(stamp).st_mtime_ns if os.path.exists(stamp) else 0
    command = [os.path.join(TOP, "tests/fetch-debs")] + (["--only"] if only else [])
    subprocess.run(command + [suite, arch, path, *packages], check=True)
    return os.stat(stamp).st_mtime_ns != before


def fetch_qemu():
    """Unpack QEMU."""
    with Lock("qemu"):
        unpack("qemu", "trixie-backports", "amd64",
               BASE + ["qemu-system-x86", "qemu-system-arm"])


def fetch_build():
    """Unpack compilers and all guests' headers into one tree."""
    with Lock("build"):
        new = unpack("build", "trixie", "amd64", BUILD)
        tree = os.path.join(VM, "build")
        for guest in GUESTS.values():
            if guest.debug:
                continue
            new |= unpack("headers-" + guest.name, guest.suite, guest.arch,
                          guest.header_packages, only=True)
        if not new and os.path.exists(tree + "/.prepared"):
            return
        links = {"awk": "gawk", "gcc": "gcc-14", "cc": "gcc-14",
                 "aarch64-linux-gnu-gcc": "aarch64-linux-gnu-gcc-14"}
        for link, target in links.items():
            path = os.path.join(tree, "usr/bin", link)
            if os.path.lexists(path):
                os.unlink(path)
            os.symlink(target, path)
        # The headers' makefiles name each other by absolute path.
        for guest in GUESTS.values():
            if not guest.debug:
                subprocess.run(["cp", "-alf", guest.headers + "/usr", tree + "/"], check=True)
        with open(tree + "/.prepared", "w", encoding="ascii"):
            pass


def fetch_guest(guest):
    """Unpack a guest's kernel and user land."""
    with Lock("userland-" + guest.arch):
        unpack("userland-" + guest.arch, "trixie", guest.arch, USERLAND)
    if guest.debug:
        return
    with Lock("kernel-" + guest.name):
        unpack("kernel-" + guest.name, guest.suite, guest.arch, guest.kernel_packages, only=True)
        if not os.path.exists(guest.modules + "/modules.dep"):
            fetch_build()
            # depmod looks below lib/modules
            link = os.path.join(guest.kernel, "lib")
            if not os.path.lexists(link):
                os.symlink("usr/lib", link)
            in_tree("build", "depmod", "-b", guest.kernel, guest.release)


def make(guest, *targets):
    """Build user-space targets for a guest; O stands for the folder of its objects."""
    names = [target.replace("$(O)", os.path.join("build", guest.triplet)) for target in targets]
    cross = ["CROSS_COMPILE=aarch64-linux-gnu-"] if guest.arch == "arm64" else []
    result = subprocess.run(["make", "-C", TOP, f"-j{os.cpu_count()}", *cross, *names],
                            env=own_environment(), stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False)
    if result.returncode:
        sys.stderr.buffer.write(result.stdout)
        sys.exit(result.returncode)


def needed_libraries(path):
    """Names of the libraries that a program or library wants."""
    result = subprocess.run(["readelf", "-d", path], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, encoding="utf-8", check=False)
    return re.findall(r"\(NEEDED\).*\[(.*)\]", result.stdout)


def stage(guest, folder, programs):
    """Put programs for a guest into a folder, with the libraries it does not have.

    @programs: paths below build/TRIPLET, or absolute ones of scripts and data.
    """
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "lib"))
    objects = os.path.join(TOP, "build", guest.triplet)
    waiting = []
    for program in programs:
        path = os.path.join(objects, program)
        if not os.path.exists(path):
            sys.exit(f"{path} is missing")
        shutil.copy(path, folder)
        waiting.append(path)
    done = set()
    while waiting:
        for name in needed_libraries(waiting.pop()):
            if name in done or glob.glob(os.path.join(guest.userland, "usr/lib*", "**", name),
                                         recursive=True):
                continue
            done.add(name)
            for place in (objects, "/usr/lib/" + guest.triplet, "/lib/" + guest.triplet):
                path = os.path.join(place, name)
                if os.path.exists(path):
                    shutil.copy(path, os.path.join(folder, "lib"))
                    waiting.append(path)
                    break
            else:
                sys.exit(f"{name} for {guest.arch} is missing")


def copy_changed(source, target, ignore=()):
    """Copy a folder, leaving alone what is the same, for make's sake."""
    os.makedirs(target, exist_ok=True)
    names = {name for name in os.listdir(source) if name not in ignore}
    for name in names:
        old, new = os.path.join(target, name), os.path.join(source, name)
        if os.path.isdir(new):
            copy_changed(new, old, ignore)
            continue
        with open(new, "rb") as file:
            content = file.read()
        if os.path.exists(old):
            with open(old, "rb") as file:
                if file.read() == content:
                    continue
        shutil.copy(new, old)


def build_debug_kernel():
    """Make sure that the kernel with all the checks is there."""
    subprocess.run([os.path.join(HERE, "build-debug-kernel")], check=True)


def build_module(guest):
    """Build the driver for a guest; what make says comes out when it fails."""
    result = subprocess.run([os.path.join(HERE, "build-module"), guest.name],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if result.returncode:
        sys.stderr.buffer.write(result.stdout)
        sys.exit(result.returncode)
