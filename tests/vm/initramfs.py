# SPDX-License-Identifier: MIT
"""Make a guest's initial RAM disk: busybox, libraries, kernel modules."""
import glob
import gzip
import os
import re
import shutil
import subprocess

import guests

DECOMPRESS = {".xz": ["xz", "-dc"], ".zst": ["zstd", "-dcq"], ".gz": ["gzip", "-dc"]}


def module_name(path):
    """Name of the module in a file, as lsmod shows it."""
    return re.sub(r"\.ko(\.\w+)?$", "", os.path.basename(path)).replace("-", "_")


def read_dependencies(folder):
    """Parse modules.dep: name -> (path, [names])."""
    table = {}
    with open(os.path.join(folder, "modules.dep"), encoding="ascii") as file:
        for line in file:
            path, _, rest = line.strip().partition(":")
            table[module_name(path)] = (path, [module_name(p) for p in rest.split()])
    return table


def wanted_by(module):
    """Names of the modules that a .ko file depends on."""
    with open(module, "rb") as file:
        found = re.search(rb"\0depends=([^\0]*)\0", file.read())
    names = found.group(1).decode().split(",") if found else []
    return [name.replace("-", "_") for name in names if name]


def install_modules(guest, root, own):
    """Copy the guest's modules and our own, with all they need."""
    target = os.path.join(root, "lib/modules", guest.release)
    os.makedirs(target)
    own_names = {module_name(module) for module in own}
    if os.path.exists(guest.modules + "/modules.dep"):
        table = read_dependencies(guest.modules)
        names = [name.replace("-", "_") for name in guests.MODULES]
        for module in own:
            names += wanted_by(module)
        done = set()
        while names:
            name = names.pop()
            if name in done or name in own_names or name not in table:
                continue
            done.add(name)
            path, needs = table[name]
            names += needs
            plain, suffix = os.path.splitext(path)
            command = DECOMPRESS.get(suffix)
            if not command:
                plain = path
            copy = os.path.join(target, plain)
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            if command:
                with open(copy, "wb") as file:
                    subprocess.run(command + [os.path.join(guest.modules, path)],
                                   stdout=file, check=True)
            else:
                shutil.copy(os.path.join(guest.modules, path), copy)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        if os.path.exists(os.path.join(guest.modules, name)):
            shutil.copy(os.path.join(guest.modules, name), target)
    for module in own:
        os.makedirs(target + "/extra", exist_ok=True)
        shutil.copy(module, target + "/extra")
    guests.in_tree("build", "depmod", "-b", root, guest.release)


def install_userland(guest, root):
    """Copy busybox, kmod and the libraries; everything lies below usr."""
    libraries = os.path.join(root, "usr/lib", guest.triplet)
    os.makedirs(libraries)
    os.makedirs(root + "/usr/bin")
    for link in ("bin", "sbin"):
        os.symlink("usr/bin", os.path.join(root, link))
    os.symlink("bin", os.path.join(root, "usr/sbin"))
    os.symlink("usr/lib", os.path.join(root, "lib"))
    os.symlink("usr/lib64", os.path.join(root, "lib64"))
    os.makedirs(root + "/usr/lib64")
    for folder in ("dev", "proc", "sys", "tmp", "run", "out", "files", "etc", "root"):
        os.makedirs(os.path.join(root, folder))
    for path in glob.glob(os.path.join(guest.userland, "usr/lib", guest.triplet, "*.so*")):
        shutil.copy(path, libraries, follow_symlinks=False)
    for path in (glob.glob(guest.userland + "/usr/lib64/ld-*") +
                 glob.glob(guest.userland + "/usr/lib/ld-linux-*")):
        target = root + path[len(guest.userland):]
        shutil.copy(os.path.realpath(path), target)
    for path in ("usr/bin/busybox", "usr/bin/kmod"):
        shutil.copy(os.path.join(guest.userland, path), root + "/usr/bin/")
    for tool in ("insmod", "lsmod", "modinfo", "modprobe", "rmmod", "depmod"):
        os.symlink("kmod", os.path.join(root, "usr/bin", tool))
    shutil.copy(os.path.join(guests.HERE, "init"), root + "/init")
    shutil.copy(os.path.join(guests.HERE, "ask-host"), root + "/usr/bin/")
    shutil.copy(os.path.join(guests.HERE, "disk-start"), root + "/")
    with open(root + "/etc/passwd", "w", encoding="ascii") as file:
        file.write("root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
    with open(root + "/etc/group", "w", encoding="ascii") as file:
        file.write("root:x:0:\nrender:x:105:\nnogroup:x:65534:\n")


def cpio_entry(number, name, mode, data=b"", device=(0, 0)):
    """One member of an archive in the `newc` format."""
    fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, device[0], device[1], len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


def pack(root, path):
    """Archive a folder, adding the console, which only root could make here."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        number = 1
        for folder, folders, files in os.walk(root):
            for name in sorted(folders + files):
                full = os.path.join(folder, name)
                inside = os.path.relpath(full, root)
                number += 1
                if os.path.islink(full):
                    file.write(cpio_entry(number, inside, 0o120777, os.readlink(full).encode()))
                elif os.path.isdir(full):
                    file.write(cpio_entry(number, inside, 0o40755))
                else:
                    with open(full, "rb") as content:
                        file.write(cpio_entry(number, inside, 0o100755, content.read()))
        file.write(cpio_entry(number + 1, "dev/console", 0o20600, device=(5, 1)))
        file.write(cpio_entry(number + 2, "dev/null", 0o20666, device=(1, 3)))
        file.write(cpio_entry(0, "TRAILER!!!", 0))


def make(guest, own, path):
    """Write the guest's initial RAM disk with our own modules (.ko) to path."""
    root = path + ".root"
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    install_userland(guest, root)
    install_modules(guest, root, own)
    pack(root, path)
    shutil.rmtree(root)
