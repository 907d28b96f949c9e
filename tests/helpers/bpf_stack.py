"""bpf_stack.py OBJECT: how much stack the programs of a BPF object need, as kernels to 6.12 count it: the frames of all functions on a way
of calls together, each rounded up to 32 bytes, and at most 8 of them. (ELF and instruction format: kernel, include/uapi/linux/bpf.h and
Documentation/bpf/standardization/instruction-set.rst.)"""
import struct
import sys

FRAME_REGISTER, CALL, PSEUDO_CALL = 10, 0x85, 1
CLASSES_MEMORY = (0x61, 0x69, 0x71, 0x79, 0x62, 0x6a, 0x72, 0x7a, 0x63, 0x6b, 0x73, 0x7b, 0xdb, 0xc3)
MOV_REGISTER, ADD_NUMBER = 0xbf, 0x07


class Object:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise SystemExit("%s: no ELF object of 64 bits, little endian" % path)
        at, size, count, names = struct.unpack_from("<Q10xHHH", self.data, 40)
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", self.data, at + i * size) for i in range(count)]
        table = next(s for s in self.sections if s[1] == 2)
        strings = self.sections[table[6]][4]
        self.names = self.sections[names][4]
        self.symbols = []
        for at in range(table[4], table[4] + table[5], 24):
            name, info, _, section, value, length = struct.unpack_from("<IBBHQQ", self.data, at)
            self.symbols.append((self.text(strings + name), info & 15, section, value, length))
        self.functions = {(s[2], s[3]): s for s in self.symbols if s[1] == 2}

    def text(self, at):
        return self.data[at:self.data.index(b"\0", at)].decode()

    def section(self, index):
        return self.text(self.names + self.sections[index][0])

    def relocations(self, index):
        """Offset in the section to symbol."""
        found = {}
        for s in self.sections:
            if s[1] == 9 and s[7] == index:
                for at in range(s[4], s[4] + s[5], 16):
                    offset, info = struct.unpack_from("<QQ", self.data, at)
                    found[offset] = self.symbols[info >> 32]
        return found

    def look(self, function):
        """Bytes of its frame, and the functions that it calls."""
        _, _, section, start, length = function
        base, relocations = self.sections[section][4], self.relocations(section)
        deepest, called, frame = 0, set(), set()
        for at in range(start, start + length, 8):
            code, registers, offset, number = struct.unpack_from("<BBhi", self.data, base + at)
            target, source = registers & 15, registers >> 4
            if code in CLASSES_MEMORY and FRAME_REGISTER == (source if code in CLASSES_MEMORY[:4] else target):
                deepest = max(deepest, -offset)
            if code == MOV_REGISTER and source == FRAME_REGISTER:
                frame.add(target)
            elif code == ADD_NUMBER and target in frame:
                deepest = max(deepest, -number)
                frame.discard(target)
            if code == CALL and source == PSEUDO_CALL:
                symbol = relocations.get(at)
                if symbol is None:
                    called.add((section, at + 8 * (number + 1)))
                elif symbol[1] == 2:
                    called.add((symbol[2], symbol[3]))
                elif symbol[1] == 3:
                    called.add((symbol[2], 8 * (number + 1)))
        return (max(deepest, 1) + 31) & ~31, called


def deepest_way(obj, key, known):
    """Of the ways of calls from a function: (bytes, most frames, names of the one that needs most bytes)."""
    if key not in known:
        frame, called = obj.look(obj.functions[key])
        below = [deepest_way(obj, k, known) for k in called if k in obj.functions] or [(0, 0, [])]
        size, _, names = max(below)
        known[key] = frame + size, 1 + max(b[1] for b in below), ["%s %d" % (obj.functions[key][0], frame)] + names
    return known[key]


def programs(path):
    """(section, bytes, frames, names) of each program."""
    obj, known = Object(path), {}
    for key in sorted(obj.functions):
        if obj.section(key[0]) != ".text":
            yield obj.section(key[0]), *deepest_way(obj, key, known)


if __name__ == "__main__":
    for section, size, frames, names in programs(sys.argv[1]):
        print("%-28s %4d bytes, %d frames: %s" % (section, size, frames, " > ".join(names)))
