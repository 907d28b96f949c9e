"""The table of tests/live/rules.t: for each of Falco's rules a bad deed, its harmless twin, and what the alert must say.

In commands and texts @ stands for the deed's mark (@name, or @name.twin), by which alerts are told apart, and $D for the test's
folder. Programs under $D/bin, which the host's commands find first, and those of the image are tests/helpers/deed.c under many
names; rm, ln, chmod, find... are real. The host's shell is in $D.
"""
import os
import platform
import re
import shlex
import shutil
from dataclasses import dataclass

# Where a deed is done: on the host by a shell; there, but beginning before all others; in network and mount namespaces of its
# own; in a docker container; in a privileged one of podman; by docker exec itself, without and with a terminal; as the first
# process of one of these two containers; as that of another one, which docker run makes.
HOST, EARLY, NET = "host", "early", "net"
DOCKER, PODMAN, EXEC, TERMINAL, START, RUN = "docker", "podman", "exec", "terminal", "start", "run"
# runc, which starts a program for an engine, and who inherits it: runc does not wait until it has begun.
RUNTIMES = "(runc|containerd-shim|conmon|<NA>)"
DUP = "dup2" if platform.machine() == "x86_64" else "dup3"
# In $D/bin and in the image.
NAMES = """apt bpftool crontab curl debugfs enginx factor map mount mysqld nc ncat nginx nmap parent passwd postgres reader
    rotate rsync shd ssh sshd tar usermod wget""".split()
NETWORK_TOOL = "Launch Suspicious Network Tool in Container"
METADATA = ["Contact EC2 Instance Metadata Service From Container", "Contact cloud metadata service from container"]


@dataclass
class Deed:
    name: str
    rules: list              # the one that it is for, then what else must be said of it
    where: str
    bad: str
    twin: str
    process: str             # proc.name, as a regular expression
    says: str = ""           # a part of what the rule's own fields say
    type: str = "execve"
    parent: str = "sh"
    program: str = ""        # path of a real program
    args: str = ""           # proc.args, when they are not those of the bad deed's last command
    user: str = "root 0"
    twin_where: str = ""
    twin_raises: tuple = ()

    def place(self, twin):
        return self.twin_where if twin and self.twin_where else self.where

    def container(self, twin):
        """The container that it needs, or the host."""
        place = self.place(twin)
        if place == START:
            return DOCKER if twin else PODMAN
        return {EXEC: DOCKER, TERMINAL: DOCKER, RUN: DOCKER, EARLY: HOST, NET: HOST}.get(place, place)

    def line(self, twin, folder):
        return (self.twin if twin else self.bad).replace("@", mark(self.name, twin)).replace("$D", folder)

    def says_what(self, folder, loginuid):
        """Regular expressions of all that the alert's output must hold."""
        def text(s):
            return re.escape(s.replace("@", mark(self.name)).replace("$D", folder))
        words = shlex.split(self.bad.split("; ")[-1])
        inside = self.container(False) != HOST
        user, uid = self.user.split()
        common = {
            "evt_type": self.type, "user": user, "user_uid": uid, "user_loginuid": str(loginuid), "process": self.process,
            "proc_exepath": text(self.program or ("/bin/deed" if inside else "$D/bin/deed")),
            "parent": RUNTIMES if self.where in (EXEC, TERMINAL, START, RUN) else self.parent,
            "command": " ".join([self.process] + [text(a) for a in [self.args or " ".join(words[1:])] if a]),
            "terminal": "[1-9][0-9]*" if self.where == TERMINAL else "0",
        }
        return [" " + text(self.says)] + [" %s=(%s)( |$)" % field for field in common.items()]


def mark(name, twin=False):
    return "@" + name + (".twin" if twin else "")


def marked(text):
    """The mark in a text, or None."""
    found = re.search(r"@[a-z0-9_]+(\.twin)?", text)
    return found and found[0]


def real(program):
    return os.path.realpath(shutil.which(program))


def connection(server, protocol):
    client = server.rsplit(":", 1)[0] + ":40000"
    port = server.rsplit(":", 1)[1]
    return "connection=%s->%s lport=40000 rport=%s fd_type=ipv4 fd_proto=%s " % (client, server, port, protocol)


def deeds():
    return stable() + incubating()


def stable():
    return [
        Deed("traversal", ["Directory traversal monitored file read"], HOST,
             "parent run reader open r /etc/../etc/../etc/passwd @", "parent run reader open r /etc/passwd @",
             "reader", says="file=/etc/passwd fileraw=/etc/../etc/../etc/passwd gparent=sh ", type="openat", parent="parent",
             args="open r /etc/../etc/../etc/passwd @"),
        Deed("absent", ["Directory traversal monitored file read"], HOST,
             "parent run reader open r /etc/../etc/../etc/absent @ || true", "parent run reader open r /etc/absent @ || true",
             "reader", says="file=/etc/absent fileraw=/etc/../etc/../etc/absent gparent=sh ", type="openat", parent="parent",
             args="open r /etc/../etc/../etc/absent @"),
        Deed("startup", ["Read sensitive file trusted after startup", "Read sensitive file untrusted"], EARLY,
             "nginx later 6 open r /etc/shadow @", "nginx open r /etc/shadow @",
             "nginx", says="file=/etc/shadow ", type="openat", twin_where=HOST, twin_raises=("Read sensitive file untrusted",)),
        Deed("sensitive", ["Read sensitive file untrusted"], DOCKER,
             "/bin/reader open r /etc/shadow @", "/bin/reader open r /etc/group @",
             "reader", says="file=/etc/shadow ", type="openat"),
        Deed("shell", ["Run shell untrusted"], HOST,
             "nginx run sh -c : @", "enginx run sh -c : @",
             "sh", says="parent_exe=nginx parent_exepath=$D/bin/deed pcmdline=nginx run sh -c : @ gparent=sh ", parent="nginx",
             program=real("sh"), args="-c : @"),
        Deed("interactive", ["System user interactive"], HOST,
             "sshd run setpriv --reuid=65534 --clear-groups /bin/true @",
             "shd run setpriv --reuid=65534 --clear-groups /bin/true @",
             "true", parent="sshd", program=real("true"), args="@", user="nobody 65534"),
        Deed("terminal", ["Terminal shell in container"], TERMINAL,
             "sh -c : @", "sh -c : @",
             "sh", program="/bin/busybox", twin_where=EXEC),
        Deed("netcat", ["Netcat Remote Code Execution in Container", NETWORK_TOOL], DOCKER,
             "/bin/nc -e /bin/sh @", "/bin/nc -l -p 1 @",
             "nc", twin_raises=(NETWORK_TOOL,)),
        Deed("ncat", ["Netcat Remote Code Execution in Container", NETWORK_TOOL], DOCKER,
             "/bin/ncat --sh-exec id @", "/bin/ncat --version @",
             "ncat", twin_raises=(NETWORK_TOOL,)),
        Deed("keys", ["Search Private Keys or Passwords"], HOST,
             "grep -q -e 'BEGIN RSA PRIVATE' -e @ $D/key", "grep -q -e 'RSA PRIVATE' -e @ $D/key",
             "grep", program=real("grep")),
        Deed("keys_found", ["Search Private Keys or Passwords"], HOST,
             "find $D/key -name id_ed25519 -o -name @", "find $D/key -name id_cards -o -name @",
             "find", program=real("find")),
        Deed("log", ["Clear Log Activities"], DOCKER,
             "/bin/rotate open wct /var/log/@", "/bin/rotate open wc /var/log/@",
             "rotate", says="file=/var/log/@ ", type="openat"),
        Deed("shred", ["Remove Bulk Data from Disk"], HOST,
             "touch $D/@; shred -n 1 $D/@", "touch $D/@; truncate -s 0 $D/@",
             "shred", program=real("shred")),
        Deed("symlink", ["Create Symlink Over Sensitive Files"], HOST,
             "ln -s /etc/shadow $D/@", "ln -s /etc/passwd $D/@",
             "ln", says="target=/etc/shadow linkpath=$D/@ ", type="symlinkat|symlink", program=real("ln")),
        Deed("symlink_inside", ["Create Symlink Over Sensitive Files"], DOCKER,
             "/bin/ln -s /root /tmp/@", "/bin/ln -s /srv /tmp/@",
             "ln", says="target=/root linkpath=/tmp/@ ", type="symlinkat|symlink", program="/bin/busybox"),
        Deed("hardlink", ["Create Hardlink Over Sensitive Files"], DOCKER,
             "cd /etc; /bin/ln shadow /tmp/@", "cd /; /bin/ln etc/group /tmp/@",
             "ln", says="target=/etc/shadow linkpath=/tmp/@ ", type="linkat|link", program="/bin/busybox"),
        Deed("hardlink_here", ["Create Hardlink Over Sensitive Files"], HOST,
             "ln -f /etc/pam.conf @ || true", "ln -f /etc/passwd @ || true",
             "ln", says="target=/etc/pam.conf linkpath=$D/@ ", type="linkat|link", program=real("ln"), args="-f /etc/pam.conf @"),
        Deed("packet", ["Packet socket created in container"], DOCKER,
             "/bin/deed socket packet @", "/bin/deed socket inet @",
             "deed", says="domain=17(AF_PACKET) type=2 ", type="socket"),
        Deed("redirect", ["Redirect STDOUT/STDIN to Network Connection in Container"], DOCKER,
             "/bin/deed redirect dup2 127.0.0.1 7001 0 @", "/bin/deed redirect dup2 127.0.0.1 7002 7 @",
             "deed", says="fd.sip=127.0.0.1 " + connection("127.0.0.1:7001", "tcp"), type=DUP),
        Deed("redirect_dup", ["Redirect STDOUT/STDIN to Network Connection in Container"], DOCKER,
             "/bin/deed redirect dup 127.0.0.1 7003 1 @", "/bin/deed redirect dup 127.0.0.1 7004 5 @",
             "deed", says="fd.sip=127.0.0.1 " + connection("127.0.0.1:7003", "tcp"), type="dup"),
        Deed("redirect_dup3", ["Redirect STDOUT/STDIN to Network Connection in Container"], DOCKER,
             "/bin/deed redirect dup3 127.0.0.1 7005 2 @", "/bin/deed redirect dup3 127.0.0.1 7006 9 @",
             "deed", says="fd.sip=127.0.0.1 " + connection("127.0.0.1:7005", "tcp"), type="dup3"),
        Deed("module", ["Linux Kernel Module Injection Detected"], PODMAN,
             "/bin/deed module memory @", "/bin/deed module memory @",
             "deed", says="module=module memory @ res=", type="init_module", twin_where=DOCKER),
        Deed("module_file", ["Linux Kernel Module Injection Detected"], PODMAN,
             "/bin/deed module file @", "/bin/deed module file @",
             "deed", says="module=module file @ res=", type="finit_module", twin_where=DOCKER),
        Deed("debugfs", ["Debugfs Launched in Privileged Container"], PODMAN,
             "/bin/debugfs @", "/bin/debugfs @",
             "debugfs", twin_where=DOCKER),
        Deed("release", ["Detect release_agent File Container Escapes"], PODMAN,
             "/bin/deed open wct /tmp/@-release_agent", "/bin/deed open wct /tmp/@-release_agent",
             "deed", says="file=/tmp/@-release_agent cap_effective=CAP_", type="openat", twin_where=DOCKER),
        Deed("attach", ["PTRACE attached to process"], HOST,
             "deed trace attach @", "deed trace continue @",
             "deed", says="proc_pcmdline=sh -s ", type="ptrace"),
        Deed("seize", ["PTRACE attached to process"], HOST,
             "deed trace seize @", "deed trace continue @",
             "deed", says="proc_pcmdline=sh -s ", type="ptrace"),
        Deed("poke", ["PTRACE attached to process"], HOST,
             "deed trace poke @", "deed trace continue @",
             "deed", says="proc_pcmdline=sh -s ", type="ptrace"),
        Deed("antidebug", ["PTRACE anti-debug attempt"], HOST,
             "deed trace child @", "deed trace continue @",
             "deed", says="proc_pcmdline=deed trace child @ ", type="ptrace", parent="deed"),
        Deed("aws", ["Find AWS Credentials"], HOST,
             "find $D/key -name @ -path '*/.aws/credentials'", "find $D/key -name @ -path '*/.aws/config'",
             "find", says="proc_pcmdline=sh -s proc_cwd=$D/ ", program=real("find")),
        Deed("aws_grep", ["Find AWS Credentials"], HOST,
             "grep -q -e PRIVATE -e AWS_Secret_Access_Key -e @ $D/key", "grep -q -e PRIVATE -e AWS_Public_Key -e @ $D/key",
             "grep", says="proc_pcmdline=sh -s proc_cwd=$D/ ", program=real("grep")),
        Deed("shm", ["Execution from /dev/shm"], DOCKER,
             "echo : >/dev/shm/s; /bin/sh /dev/shm/s @", "echo : >/tmp/s; /bin/sh /tmp/s @",
             "sh", says="evt_res=SUCCESS file=<NA> proc_cwd=/ proc_pcmdline=sh -s ", program="/bin/busybox"),
        Deed("shm_program", ["Execution from /dev/shm"], NET,
             "cp bin/deed /dev/shm/@; /dev/shm/@", "cp bin/deed bin/@; bin/@",
             "@shm_program", says="evt_res=SUCCESS file=<NA> proc_cwd=$D/ proc_pcmdline=sh -s ", program="/dev/shm/@"),
        Deed("dropped", ["Drop and execute new binary in container"], DOCKER,
             "/bin/cp /bin/deed /tmp/dropped; /tmp/dropped @", "/bin/deed @",
             "dropped", says="proc_exe=/tmp/dropped ", program="/tmp/dropped"),
        Deed("ssh", ["Disallowed SSH Connection Non Standard Port"], NET,
             "ssh tcp 203.0.113.7 443 @", "ssh tcp 203.0.113.7 22 @",
             "ssh", says=connection("203.0.113.7:443", "tcp"), type="connect"),
        Deed("memfd", ["Fileless execution via memfd_create"], HOST,
             "deed memfd payload @", "deed file payload @",
             r"\S+", program="memfd:payload", args="@"),
    ]


def incubating():
    return [
        Deed("bashrc", ["Modify Shell Configuration File"], HOST,
             "deed open wct .bashrc @", "deed open r .bashrc @",
             "deed", says="file=$D/.bashrc ", type="openat"),
        Deed("cron", ["Schedule Cron Jobs"], DOCKER,
             "/bin/deed open wct /etc/cron.d/@", "/bin/deed open r /etc/cron.d/job @",
             "deed", says="file=/etc/cron.d/@ ", type="openat"),
        Deed("crontab", ["Schedule Cron Jobs"], HOST,
             "crontab @", "map @",
             "crontab", says="file=<NA> "),
        Deed("secret", ["Read ssh information"], DOCKER,
             "/bin/deed open r /root/.ssh/id @", "/bin/ssh open r /root/.ssh/id @",
             "deed", says="file=/root/.ssh/id ", type="openat"),
        Deed("secret_folder", ["Read ssh information"], DOCKER,
             "/bin/deed open r /root/.ssh @", "/bin/deed open r /root @",
             "deed", says="file=/root/.ssh ", type="openat"),
        Deed("database", ["DB program spawned process"], HOST,
             "mysqld run deed @", "mysqld run postgres @",
             "deed", parent="mysqld", args="@"),
        Deed("setns", ["Change thread namespace"], HOST,
             "deed setns /proc/self/ns/uts @", "nsenter --uts=/proc/self/ns/uts deed @",
             "deed", type="setns"),
        Deed("unshare", ["Change namespace privileges via unshare"], DOCKER,
             "/bin/deed unshare @", "/bin/deed unshare @",
             "deed", says="res=EPERM ", type="unshare", twin_where=PODMAN),
        Deed("privileged", ["Launch Privileged Container", "Launch Excessively Capable Container"], START,
             "/bin/deed rest @", "/bin/deed rest @",
             "deed"),
        Deed("capable", ["Launch Excessively Capable Container"], RUN,
             "docker run -d --network none --cap-add SYS_PTRACE $ENGINES_IMAGE /bin/deed rest @",
             "docker run -d --network none $ENGINES_IMAGE /bin/deed rest @",
             "deed", says="CAP_SYS_PTRACE ", args="rest @"),
        Deed("system", ["System procs network activity"], NET,
             "factor udp 203.0.113.7 53 @", "factor udp 127.0.0.1 53 @",
             "factor", says=connection("203.0.113.7:53", "udp"), type="connect"),
        Deed("listen", ["System procs network activity"], NET,
             "factor listen 203.0.113.7 8080 @", "factor listen 127.0.0.1 8080 @",
             "factor", says="connection=203.0.113.7:8080 ", type="listen"),
        Deed("proxy", ["Program run with disallowed http proxy env"], HOST,
             "env -i HTTP_PROXY=here $D/bin/curl @", "env -i PROXY=here $D/bin/curl @",
             "curl", says="env=HTTP_PROXY=here ", args="@"),
        Deed("udp", ["Unexpected UDP Traffic"], NET,
             "deed udp 203.0.113.7 9999 @", "deed udp 203.0.113.7 123 @",
             "deed", says=connection("203.0.113.7:9999", "udp"), type="connect"),
        Deed("setuid", ["Non sudo setuid"], HOST,
             "setpriv --reuid=2 --clear-groups $D/bin/deed setuid 2 @",
             "setpriv --reuid=65534 --clear-groups $D/bin/deed setuid 65534 @",
             "deed", says="arg_uid=bin ", type="setuid", args="setuid 2 @", user="bin 2"),
        Deed("users", ["User mgmt binaries"], HOST,
             "usermod @", "passwd -S @",
             "usermod", says="gparent=python3 "),
        Deed("dev", ["Create files below dev"], DOCKER,
             "/bin/deed open wct /dev/@", "/bin/deed open wct /dev/null @",
             "deed", says="file=/dev/@ ", type="openat"),
        Deed("metadata", METADATA, DOCKER,
             "/bin/deed tcp 169.254.169.254 80 @", "/bin/deed tcp 203.0.113.7 80 @",
             "deed", says=connection("169.254.169.254:80", "tcp"), type="connect"),
        Deed("datagram", METADATA, DOCKER,
             "/bin/deed sendto 169.254.169.254 80 203.0.113.7 @", "/bin/deed sendto 203.0.113.7 80 203.0.113.7 @",
             "deed", says="connection=203.0.113.7:", type="sendto"),
        Deed("message", METADATA, DOCKER,
             "/bin/deed sendmsg 169.254.169.254 80 203.0.113.7 @", "/bin/deed sendmsg 203.0.113.7 80 203.0.113.7 @",
             "deed", says="connection=203.0.113.7:", type="sendmsg"),
        Deed("package", ["Launch Package Management Process in Container"], DOCKER,
             "/bin/apt @", "apt @",
             "apt", twin_where=HOST),
        Deed("nmap", [NETWORK_TOOL], DOCKER,
             "/bin/nmap @", "/bin/map @",
             "nmap"),
        Deed("nmap_here", ["Launch Suspicious Network Tool on Host"], HOST,
             "nmap @", "map @",
             "nmap"),
        Deed("removed", ["Delete or rename shell history"], HOST,
             "touch @.bash_history; rm @.bash_history", "touch @.bash_notes; rm @.bash_notes",
             "rm", says="file= name=$D/@.bash_history path=<NA> oldpath=<NA> ", type="unlinkat", program=real("rm")),
        Deed("removed_inside", ["Delete or rename shell history"], DOCKER,
             "/bin/deed open wc /tmp/@.zsh_history; /bin/rm /tmp/@.zsh_history", "/bin/deed open wct /tmp/@; /bin/rm /tmp/@",
             "rm", says="path=/tmp/@.zsh_history oldpath=<NA> ", type="unlink|unlinkat", program="/bin/busybox"),
        Deed("renamed", ["Delete or rename shell history"], HOST,
             "touch @.bash_history; mv @.bash_history @.old", "touch @.bash_notes; mv @.bash_notes @.old",
             "mv", says="file=<NA> name=<NA> path=<NA> oldpath=$D/@.bash_history ", type="rename|renameat|renameat2",
             program=real("mv")),
        Deed("renamed_inside", ["Delete or rename shell history"], DOCKER,
             "/bin/deed open wc /tmp/@.fish_history; /bin/mv /tmp/@.fish_history /tmp/@",
             "/bin/deed open wct /tmp/@.fish; /bin/mv /tmp/@.fish /tmp/@",
             "mv", says="oldpath=/tmp/@.fish_history ", type="rename|renameat2", program="/bin/busybox"),
        Deed("truncated", ["Delete or rename shell history"], HOST,
             "deed open wct $D/@.bash_history", "deed open wc $D/@.bash_history",
             "deed", says="file=$D/@.bash_history ", type="openat"),
        Deed("chmod", ["Set Setuid or Setgid bit"], HOST,
             "touch @; chmod 4755 @", "touch @; chmod 755 @",
             "chmod", says="filename=$D/@ mode=S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID ",
             type="fchmodat|chmod", program=real("chmod")),
        Deed("chmod_inside", ["Set Setuid or Setgid bit"], DOCKER,
             "/bin/cp /etc/group /tmp/@; /bin/chmod 2755 /tmp/@", "/bin/cp /etc/group /tmp/@; /bin/chmod 1755 /tmp/@",
             "chmod", says="filename=/tmp/@ mode=S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISGID ",
             type="fchmodat|chmod", program="/bin/busybox"),
        Deed("fchmod", ["Set Setuid or Setgid bit"], HOST,
             "touch @; deed fchmod 4700 @", "touch @; deed fchmod 700 @",
             "deed", says="filename=<NA> mode=S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID ", type="fchmod"),
        Deed("rsync", ["Launch Remote File Copy Tools in Container"], DOCKER,
             "/bin/rsync @", "rsync @",
             "rsync", twin_where=HOST),
        Deed("mount", ["Mount Launched in Privileged Container"], PODMAN,
             "/bin/mount -l; /bin/mount /dev/x @", "/bin/mount /dev/x @",
             "mount", twin_where=DOCKER),
        Deed("wget", ["Launch Ingress Remote File Copy Tools in Container"], DOCKER,
             "/bin/wget @", "/bin/curl @",
             "wget"),
        Deed("curl", ["Launch Ingress Remote File Copy Tools in Container"], DOCKER,
             "/bin/curl -o /tmp/x @", "/bin/curl -v @",
             "curl"),
        Deed("environ", ["Read environment variable from /proc files"], DOCKER,
             "/bin/deed open r /proc/1/environ @", "/bin/deed open r /proc/1/status @",
             "deed", says="file=/proc/1/environ ", type="openat"),
        Deed("copied", ["Exfiltrating Artifacts via Kubernetes Control Plane"], EXEC,
             "/bin/tar open r /srv/secret @", "/bin/tar open r /etc/group @",
             "tar", says="file=/srv/secret ", type="openat"),
        Deed("authorized", ["Adding ssh keys to authorized_keys"], DOCKER,
             "/bin/deed open wc /root/.ssh/authorized_keys @", "/bin/deed open wc /root/.ssh/known_hosts @",
             "deed", says="file=/root/.ssh/authorized_keys ", type="openat"),
        Deed("tunables", ["Potential Local Privilege Escalation via Environment Variables Misuse"], HOST,
             "env -i GLIBC_TUNABLES=glibc.x=1 $D/bin/deed @", "env -i GLIBC=1 $D/bin/deed @",
             "deed", says="env=GLIBC_TUNABLES=glibc.x=1 ", args="@"),
        Deed("liblzma", ["Backdoored library loaded into SSHD (CVE-2024-3094)"], HOST,
             "sshd open r $D/liblzma.so.5.6.1 @", "sshd open r $D/liblzma.so.5.4.1 @",
             "sshd", says="process=sshd parent=sh file=$D/liblzma.so.5.6.1 ", type="openat"),
        Deed("bpf", ["BPF Program Not Profiled"], HOST,
             "deed bpf 5 @", "bpftool bpf 5 @",
             "deed", says="bpf_cmd=BPF_PROG_LOAD ", type="bpf"),
    ]
