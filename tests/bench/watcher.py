"""A saker that runs while something is measured: started, waited for and ended, and what all of its processes cost.

Everything that one saker starts is in one session, by which it is found."""
import contextlib, os, signal, subprocess, time

SECRET = '/etc/shadow'
SETTLE = 1.5            # seconds between readiness and a measurement


class CannotRun(Exception):
    pass


def read(path):
    with open(path, errors='replace') as f:
        return f.read()


def members(session):
    for pid in filter(str.isdigit, os.listdir('/proc')):
        with contextlib.suppress(OSError):
            fields = read(f'/proc/{pid}/stat').rsplit(')', 1)[1].split()
            if int(fields[3]) == session and fields[0] != 'Z':
                yield pid


def task_ns(pid):
    ns = 0
    with contextlib.suppress(OSError):
        for task in os.listdir(f'/proc/{pid}/task'):
            ns += int(read(f'/proc/{pid}/task/{task}/schedstat').split()[0])
    return ns


def process_ms(pid):
    with contextlib.suppress(OSError):
        fields = read(f'/proc/{pid}/stat').rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf('SC_CLK_TCK')
    return 0


def pss_kib(pid):
    """Without buffers, which are as large as one wants: the ring, a map shared with BPF programs, and what the probe keeps to send again."""
    total, shared = 0, False
    with contextlib.suppress(OSError):
        for line in read(f'/proc/{pid}/smaps').splitlines():
            if line[:1] in '0123456789abcdef':
                shared = line.endswith('anon_inode:bpf-map') or 'memfd:saker-probe' in line
            elif line.startswith('Pss:') and not shared:
                total += int(line.split()[1])
    return total


class Saker:
    """A running saker; as a context it is ended, with all that it started, whatever happens."""

    def __init__(self, command, folder, piped=False):
        self.log, self.alerts = os.path.join(folder, 'log'), os.path.join(folder, 'alerts')
        self.started = time.monotonic()
        with open(self.log, 'w') as log, open(self.alerts, 'w') as alerts:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, start_new_session=True,
                                            stdout=subprocess.PIPE if piped else alerts)
        self.session = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is None and self.process.returncode not in (0, -signal.SIGINT, 128 + signal.SIGINT):
            raise CannotRun(f'saker ended with status {self.process.returncode}:\n' + read(self.log)[-2000:])

    def stop(self):
        """Ctrl-C, and after a while the end. Nobody reads a pipe any more, and emit shall not wait for it."""
        if self.process.stdout:
            self.process.stdout.close()
        for number, patience in (signal.SIGINT, 20), (signal.SIGKILL, 5):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.session, number)
            end = time.monotonic() + patience
            while time.monotonic() < end:
                if self.process.poll() is not None and not any(members(self.session)):
                    return
                time.sleep(0.02)

    def wait_until(self, condition, what, step=0.002, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                raise CannotRun(f'{what}:\n' + read(self.log)[-2000:])
            time.sleep(step)

    def wait_ready(self):
        self.wait_until(lambda: 'saker: watching' in read(self.log), 'saker does not get ready')
        time.sleep(SETTLE)

    def first_alert(self, reader):
        """Lets an unknown program read a secret every 10 ms until that raises an alert; returns the seconds from the start."""
        def alerted():
            subprocess.run([reader, SECRET], stdout=subprocess.DEVNULL, check=True)
            end = time.monotonic() + 0.01
            while time.monotonic() < end:
                if os.path.basename(reader) in read(self.alerts):
                    return True
                time.sleep(0.002)
            return False
        self.wait_until(alerted, f'no alert on a read of {SECRET}', step=0)
        return time.monotonic() - self.started

    def cpu_ns(self):
        """Of all threads that live: what a figure is the difference of."""
        return sum(map(task_ns, members(self.session)))

    def start_ms(self):
        """CPU since the start of all processes that live, in steps of a tick; also of threads that have ended, as those that load programs."""
        return sum(map(process_ms, members(self.session)))

    def pss_mib(self):
        return sum(map(pss_kib, members(self.session))) / 1024
