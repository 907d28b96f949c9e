"""Raw system calls for live tests on x86-64, as a program of 64 bits or of 32 makes them: numbers, memory that both can point at,
and the structures that differ between the two."""
import ctypes
import mmap
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
AT_FDCWD = -100
NR64 = {
    "read": 0, "write": 1, "open": 2, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "mmap": 9, "mprotect": 10, "pread": 17,
    "pwrite": 18, "readv": 19, "writev": 20, "access": 21, "pipe": 22, "dup": 32, "dup2": 33, "sendfile": 40, "socket": 41,
    "connect": 42, "accept": 43, "sendto": 44, "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "bind": 49, "listen": 50,
    "socketpair": 53, "kill": 62, "chdir": 80, "fchdir": 81, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86,
    "unlink": 87, "symlink": 88, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94, "ptrace": 101, "setuid": 105,
    "setgid": 106, "setpgid": 109, "setsid": 112, "setreuid": 113, "setregid": 114, "setresuid": 117, "setresgid": 119,
    "capset": 126, "mknod": 133, "prctl": 157, "chroot": 161, "mount": 165, "umount2": 166, "init_module": 175,
    "delete_module": 176, "tkill": 200, "tgkill": 234, "openat": 257, "mkdirat": 258, "mknodat": 259, "fchownat": 260,
    "newfstatat": 262, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266, "fchmodat": 268, "unshare": 272,
    "splice": 275, "eventfd": 284, "accept4": 288, "eventfd2": 290, "dup3": 292, "pipe2": 293, "preadv": 295, "pwritev": 296,
    "recvmmsg": 299, "open_by_handle_at": 304, "sendmmsg": 307, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311,
    "finit_module": 313, "renameat2": 316, "memfd_create": 319, "bpf": 321, "execve": 59, "execveat": 322, "userfaultfd": 323,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "openat2": 437}
NR32 = {
    "read": 3, "write": 4, "open": 5, "close": 6, "creat": 8, "link": 9, "unlink": 10, "execve": 11, "chdir": 12, "mknod": 14,
    "chmod": 15, "mount": 21, "umount": 22, "ptrace": 26, "access": 33, "kill": 37, "rename": 38, "mkdir": 39, "rmdir": 40,
    "dup": 41, "pipe": 42, "umount2": 52, "setpgid": 57, "chroot": 61, "dup2": 63, "setsid": 66, "symlink": 83, "fchmod": 94,
    "socketcall": 102, "stat": 106, "lstat": 107, "fstat": 108, "mprotect": 125, "init_module": 128, "delete_module": 129,
    "fchdir": 133, "readv": 145, "writev": 146, "prctl": 172, "pread": 180, "pwrite": 181, "capset": 185, "sendfile32": 187,
    "mmap2": 192, "stat64": 195, "lstat64": 196, "fstat64": 197, "lchown": 198, "setreuid": 203, "setregid": 204, "fchown": 207,
    "setresuid": 208, "setresgid": 210, "chown": 212, "setuid": 213, "setgid": 214, "tkill": 238, "sendfile": 239, "tgkill": 270,
    "openat": 295, "mkdirat": 296, "mknodat": 297, "fchownat": 298, "newfstatat": 300, "unlinkat": 301, "renameat": 302,
    "linkat": 303, "symlinkat": 304, "fchmodat": 306, "unshare": 310, "splice": 313, "eventfd": 323, "eventfd2": 328, "dup3": 330,
    "pipe2": 331, "preadv": 333, "pwritev": 334, "recvmmsg": 337, "open_by_handle_at": 342, "sendmmsg": 345, "setns": 346,
    "process_vm_readv": 347, "process_vm_writev": 348, "finit_module": 350, "renameat2": 353, "memfd_create": 356, "bpf": 357,
    "execveat": 358, "socket": 359, "socketpair": 360, "bind": 361, "connect": 362, "listen": 363, "accept4": 364, "sendto": 369,
    "sendmsg": 370, "recvfrom": 371, "recvmsg": 372, "userfaultfd": 374, "recvmmsg_time64": 417, "io_uring_setup": 425,
    "openat2": 437}
# push rbx; push rbp; mov eax, edi; mov ebx, esi; xchg edx, ecx; mov esi, r8d; mov edi, r9d; mov ebp, [rsp+24]; int 0x80; cdqe;
# pop rbp; pop rbx; ret
INT80 = bytes.fromhex("53 55 89f8 89f3 87ca 4489c6 4489cf 8b6c2418 cd80 4898 5d 5b c3")


class Memory:
    """Memory of this process below 4 GiB, where 32-bit calls can point at, with code in it that makes them."""

    def __init__(self, size=1 << 20):
        self.map = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40,        # MAP_32BIT
                             prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self.base = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        self.end = 0
        self.int80 = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_uint32] * 7)(self.put(INT80))

    def put(self, data):
        """The address of these bytes; nothing else is near them."""
        at = self.end
        self.map[at:at + len(data)] = bytes(data)
        self.end = (at + len(data) + 63) & ~63
        return self.base + at


class Caller:
    """Makes calls of one width: 8 or 4 bytes a word."""

    def __init__(self, memory, word):
        self.put, self.int80, self.word = memory.put, memory.int80, word

    def call(self, name, *args):
        """Makes a call; its result, an error as a negative number."""
        if self.word == 4:
            args = [a & 0xffffffff for a in args] + [0] * (6 - len(args))
            result = self.int80(NR32[name], *args)
            return result & 0xffffffff if name == "mmap2" and result < -4095 else result
        ctypes.set_errno(0)
        result = libc.syscall(NR64[name], *map(ctypes.c_long, args))
        return -ctypes.get_errno() if result == -1 and ctypes.get_errno() else result

    def text(self, s):
        return self.put(s.encode() + b"\0")

    def words(self, *numbers):
        return struct.pack("=%d%s" % (len(numbers), "Q" if self.word == 8 else "I"), *numbers)

    def pointers(self, *texts):
        """An argument vector."""
        return self.put(self.words(*[self.text(t) for t in texts], 0))

    def vector(self, *parts):
        return self.put(b"".join(self.words(self.put(p), len(p)) for p in parts))

    def message(self, parts, name=b"", control=0):
        """A struct msghdr."""
        return self.words(self.put(name) if name else 0, len(name), self.vector(*parts), len(parts),
                          self.put(bytes(control)) if control else 0, control, 0)

    def position(self, at):
        """A position in a file, as an argument of pread and its kin."""
        return (at,) if self.word == 8 else (at & 0xffffffff, at >> 32)


def can_32_bits(memory):
    """Whether this kernel takes 32-bit calls: getpid is asked, in a child that may die of it."""
    child = os.fork()
    if child == 0:
        os._exit(memory.int80(20, 0, 0, 0, 0, 0, 0) != os.getpid())
    return os.waitpid(child, 0)[1] == 0
