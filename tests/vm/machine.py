# SPDX-License-Identifier: MIT
"""A virtual machine with npusim boards in its slots."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import devicetree
import guests
import initramfs

BOARD = "--config nv_large --cores 2 --sram 4M"
# Lines of a kernel log that no test may cause.
SPLAT = re.compile(r"(BUG:|WARNING:|Oops|Kernel panic|KASAN|UBSAN|general protection|"
                   r"possible (circular|recursive) locking|suspicious RCU|INFO: task .* blocked|"
                   r"DMA-API: (?!preallocated|debugging enabled)|unreferenced object|refcount_t:|sleeping function called)")


def splats_in(console):
    """Lines of a kernel log in a file that tell of a bug."""
    if not os.path.exists(console):
        return []
    with open(console, encoding="utf-8", errors="replace") as file:
        return [line.strip() for line in file if SPLAT.search(line)]


def host_program(name):
    """Path of a program that the build made for this machine."""
    triplet = subprocess.run(["gcc", "-dumpmachine"], check=True, capture_output=True,
                             encoding="ascii").stdout.strip()
    return os.path.join(guests.TOP, "build", triplet, name)


class Board:
    """One npusim process and its socket."""

    def __init__(self, folder, number, arguments):
        self.socket = os.path.join(folder, f"npusim{number}.sock")
        self.log = os.path.join(folder, f"npusim{number}.log")
        self.arguments = arguments.split()
        self.process = None

    def start(self):
        program = os.environ.get("NPUSIM") or host_program("npusim")
        with open(self.log, "ab") as log:
            # pylint: disable=consider-using-with # outlives this function
            self.process = subprocess.Popen(
                [program, "--socket", self.socket, *self.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(200):
            if os.path.exists(self.socket):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("npusim did not start: " + self.read_log())

    def read_log(self):
        if not os.path.exists(self.log):
            return ""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def kill(self, how=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait()
        if os.path.exists(self.socket):
            os.unlink(self.socket)


class Qmp:
    """QEMU's control socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        for _ in range(400):
            try:
                self.socket.connect(path)
                break
            except OSError:
                time.sleep(0.05)
        self.file = self.socket.makefile("rw", encoding="utf-8")
        self.file.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        message = {"execute": name}
        if arguments:
            message["arguments"] = arguments
        self.file.write(json.dumps(message) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(answer["error"]["desc"])

    def wait_event(self, name, device):
        """Wait for an event about a device; False after 30 s."""
        try:
            while True:
                answer = json.loads(self.file.readline())
                if answer.get("event") == name and answer["data"].get("device") == device:
                    return True
        except (TimeoutError, ValueError):
            return False


class Machine:
    """A guest, its boards, and what is exchanged with it."""

    def __init__(self, guest, boards=(BOARD,), memory="1G", cpus=2, iommu=False, cpu=None,
                 append="", verbose=False, disk=None, on_chip=0):
        self.guest = guest
        self.memory = memory
        self.cpus = cpus
        self.iommu = iommu
        self.on_chip = on_chip
        self.cpu = cpu
        self.append = append
        self.verbose = verbose
        self.disk = disk
        # A socket's path is short, so this does not go below build.
        self.folder = tempfile.mkdtemp(prefix="nvdla-vm.")
        self.out = os.path.join(self.folder, "out")
        os.mkdir(self.out)
        self.files = os.path.join(self.folder, "files")
        os.mkdir(self.files)
        self.console = os.path.join(self.folder, "console.log")
        self.boards = [Board(self.folder, n, text) for n, text in enumerate(boards)]
        self.own_modules = []
        self.process = None
        self.qmp = None
        self.accel = None

    def device(self, number):
        """QEMU's description of a board."""
        return {"driver": "vfio-user-pci", "id": f"npu{number}", "bus": f"slot{number}",
                "socket": {"type": "unix", "path": self.boards[number].socket}}

    def processor(self, accel):
        """The part of the command that says what the machine is."""
        if self.guest.arch == "amd64":
            line = ["qemu-system-x86_64", "-M", "q35,memory-backend=ram" +
                    (",kernel-irqchip=split" if self.iommu and accel == "kvm" else "")]
            line += ["-cpu", self.cpu or ("host" if accel == "kvm" else "max")]
        else:
            line = ["qemu-system-aarch64", "-M", "virt,gic-version=3,memory-backend=ram"]
            line += ["-cpu", self.cpu or "max,pauth-impdef=on"]
        return line + ["-accel", accel + (",thread=multi" if accel == "tcg" else ""),
                       "-m", self.memory, "-smp", str(self.cpus),
                       "-object", f"memory-backend-memfd,id=ram,size={self.memory},share=on"]

    def command_line(self, accel, interactive):
        """The whole QEMU command."""
        amd64 = self.guest.arch == "amd64"
        line = self.processor(accel)
        if self.on_chip:
            line += ["-dtb", f"{self.folder}/devicetree"]
        line += ["-nodefaults", "-no-reboot", "-display", "none",
                 "-qmp", f"unix:{self.folder}/qmp.sock,server=on,wait=off"]
        if self.iommu:
            line += ["-device", "intel-iommu,caching-mode=on" if amd64 else "virtio-iommu-pci"]
        line += ["-device", "virtio-serial-pci", "-device", "virtio-rng-pci"]
        for name in ("out", "files"):
            line += ["-fsdev", f"local,id={name},path={getattr(self, name)},security_model=none" +
                     (",readonly=on" if name == "files" else ""),
                     "-device", f"virtio-9p-pci,fsdev={name},mount_tag={name}"]
        line += ["-chardev", f"socket,id=control,path={self.folder}/control.sock,server=on,wait=off",
                 "-device", "virtserialport,chardev=control,name=control"]
        if interactive:
            line += ["-serial", "mon:stdio"]
        else:
            line += ["-serial", "file:" + self.console, "-chardev", "stdio,id=output,signal=off",
                     "-device", "virtserialport,chardev=output,name=output"]
        if self.disk:
            # What the guest writes goes to a file that vanishes with the machine.
            line += ["-drive", f"file={self.disk},format=raw,if=virtio,snapshot=on,cache=unsafe"]
        for number in range(len(self.boards)):
            line += ["-device", f"pcie-root-port,id=slot{number},chassis={number + 1},"
                     f"slot={number + 1},addr={devicetree.SLOT + number:#x}",
                     "-device", json.dumps(self.device(number))]
        # iomem=relaxed: tests reach the board's registers beside the driver.
        append = "panic=-1 iomem=relaxed " + ("console=ttyS0" if amd64 else "console=ttyAMA0")
        append += (" nvdla.shell" if interactive else "") + (" loglevel=4" if interactive else
                                                              " loglevel=7 ignore_loglevel")
        if self.disk:
            append += " nvdla.disk systemd.wants=bench.service"
        if self.iommu and amd64:
            # On a busy host the timer's first ticks may come too late for the check.
            append += " intel_iommu=on no_timer_check"
        return line + ["-kernel", self.guest.image, "-initrd", f"{self.folder}/initrd",
                       "-append", f"{append} {self.append}".strip()]

    def start(self, interactive=False, stdout=None):
        """Start the boards and QEMU."""
        self.accel = choose_accel(self.guest)
        initramfs.make(self.guest, self.own_modules, self.folder + "/initrd")
        if self.on_chip:
            devicetree.write(self, f"{self.folder}/devicetree", self.on_chip, self.accel)
        for board in self.boards:
            board.start()
        command = [os.path.join(guests.HERE, "in-tree"), os.path.join(guests.VM, "qemu"),
                   *self.command_line(self.accel, interactive)]
        if self.verbose:
            print("#", " ".join(command), flush=True)
        environment = dict(os.environ, CACHE=guests.CACHE, LC_ALL="C", LANG="C")
        # At the end of its input QEMU would close the port that output comes from.
        self.process = subprocess.Popen(command, env=environment, stdout=stdout,
                                        stdin=None if interactive else subprocess.PIPE)
        threading.Thread(target=self.serve_control, daemon=True).start()

    def wait(self, seconds):
        """Wait for the guest to end; False when it had to be killed."""
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False

    def status(self):
        """Exit status of the guest's command, None when it never ended."""
        path = os.path.join(self.out, ".status")
        if not os.path.exists(path):
            return None
        with open(path, encoding="ascii") as file:
            return int(file.read().strip() or 0)

    def read_console(self):
        if not os.path.exists(self.console):
            return ""
        with open(self.console, encoding="utf-8", errors="replace") as file:
            return file.read()

    def splats(self):
        """Lines of the guest's kernel log that tell of a bug."""
        return splats_in(self.console)

    def serve_control(self):
        """Do what the guest asks for through ask-host, until QEMU is gone."""
        try:
            self.obey_all()
        except OSError:
            pass

    def obey_all(self):
        path = f"{self.folder}/control.sock"
        control = socket.socket(socket.AF_UNIX)
        for _ in range(400):
            try:
                control.connect(path)
                break
            except OSError:
                time.sleep(0.05)
        file = control.makefile("rw", encoding="utf-8", errors="replace")
        for line in file:
            try:
                answer = self.obey(line.split())
                file.write(answer + ("\n" if answer and not answer.endswith("\n") else ""))
                file.write("done\n")
            except (RuntimeError, IndexError, ValueError, OSError) as error:
                file.write(f"failed {error}\n")
            file.flush()

    def obey(self, words):
        number = int(words[1]) if len(words) > 1 else 0
        board = self.boards[number]
        if self.qmp is None:
            self.qmp = Qmp(f"{self.folder}/qmp.sock")
        if words[0] == "npusim-kill":
            board.kill()
        elif words[0] == "npusim-start":
            board.start()
        elif words[0] == "npusim-log":
            return board.read_log()
        elif words[0] == "unplug":
            self.qmp.command("device_del", id=f"npu{number}")
            if not self.qmp.wait_event("DEVICE_DELETED", f"npu{number}"):
                raise RuntimeError("the guest did not let go of the board")
        elif words[0] == "plug":
            self.qmp.command("device_add", **self.device(number))
        else:
            raise RuntimeError(f"unknown request '{words[0]}'")
        return ""

    def close(self):
        """End everything and delete the folder."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for board in self.boards:
            board.kill(signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)


def boots(guest, accel):
    """Whether a guest without boards comes up under an accelerator in 25 s."""
    machine = Machine(guest, boards=())
    try:
        with open(machine.out + "/.command", "w", encoding="ascii") as file:
            file.write("true\n")
        initramfs.make(guest, [], machine.folder + "/initrd")
        # pylint: disable=consider-using-with # ended by wait()
        machine.process = subprocess.Popen(
            [os.path.join(guests.HERE, "in-tree"), os.path.join(guests.VM, "qemu"),
             *machine.command_line(accel, False)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        machine.wait(25)
        return machine.status() == 0
    finally:
        machine.close()


def choose_accel(guest):
    """kvm where a guest really boots with it, else tcg; VM_ACCEL overrides."""
    if os.environ.get("VM_ACCEL"):
        return os.environ["VM_ACCEL"]
    machine = os.uname().machine
    if machine != {"amd64": "x86_64", "arm64": "aarch64"}[guest.arch] or not os.access(
            "/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    # Tried once per boot of this machine, for it may take the whole 25 s.
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    note = os.path.join(guests.VM, f"accel-{guest.name}")
    with guests.Lock("accel-" + guest.name):
        if os.path.exists(note):
            with open(note, encoding="ascii") as file:
                known = file.read().split()
            if len(known) == 2 and known[0] == boot:
                return known[1]
        accel = "kvm" if boots(guest, "kvm") else "tcg"
        with open(note, "w", encoding="ascii") as file:
            file.write(f"{boot} {accel}\n")
        return accel
