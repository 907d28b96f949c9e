#!/bin/sh
# Plans on streams of this kernel: the property of tests/unit/match_plan.c, and that of the official rules most events stay below, by the
# reference filter and by the kernel's.
here=$(cd "$(dirname "$0")/../.." && pwd)
SAKER_BUILD=${SAKER_BUILD:-$here/build}
probe=$SAKER_BUILD/bin/probe frames=$SAKER_BUILD/bin/frames match=$SAKER_BUILD/bin/match
official=$here/../shared/data/rules/falco_rules.yaml
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
timeout 20 "$probe" -n 2>"$dir/log" || { echo "1..0 # SKIP no BPF: $(tail -n 1 "$dir/log")"; exit 0; }
n=0 rounds=4
[ -z "${SAKER_SOAK-}" ] || rounds=20

ok() { # RESULT DESCRIPTION [FILE]
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		[ -z "${3-}" ] || sed 's/^/# /' "$3"
	fi
}

# record FILE COMMAND... -- OPTION...: what the probe tells while the command runs.
record() {
	file=$1 command=$2
	shift 2
	timeout 60 "$probe" --notify 3 "$@" 3>"$dir/ready" >"$file" 2>"$dir/log" &
	pid=$!
	for _ in $(seq 100); do
		grep -q ready "$dir/ready" 2>/dev/null && break
		sleep 0.1
	done
	"$command" >/dev/null 2>&1
	kill -INT "$pid"
	wait "$pid"
}

# Files, links, folders, processes, sockets, errors; paths through links, through .. and from where one stands.
mixed() (
	cd "$dir" || exit
	for i in $(seq "$rounds"); do
		mkdir -p a/b && echo x >a/b/x && ln -sf /etc/shadow a/s && ln -f a/b/x a/y && mv a/y a/z && chmod u+s a/z
		cat a/b/../b/x ../../../../../etc/passwd /etc/shadow /proc/self/status /var/run/no /no "a/no$i"
		/bin/sh -c 'exec 3<>/dev/null; cat <&3; kill -0 $$; (exit 3)'
		find /etc -maxdepth 1 -name 'p*' | head -n 3
		rm -rf a
		python3 -c '
import os, socket, ctypes
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
c = socket.create_connection(s.getsockname()); p, _ = s.accept(); c.send(b"x" * 100); p.recv(100); os.dup2(c.fileno(), 9)
u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); u.sendto(b"y", ("::1", 9))
try: socket.create_connection(("127.0.0.1", 1))
except OSError: pass
try: socket.socket(socket.AF_UNIX).connect("/run/none")
except OSError: pass
fd = os.memfd_create("m"); os.write(fd, b"z"); d = os.open("/usr/lib", os.O_RDONLY); os.open("python3", os.O_RDONLY, dir_fd=d)
os.access("/etc", 4); os.setresuid(65534, 65534, 0)
'
	done
)
compile() {
	for f in wire/path.c wire/frame.c; do
		gcc -O2 -D_GNU_SOURCE "-I$here" -c -o "$dir/o" "$here/$f"
	done
}
search() { find / -xdev -maxdepth 5; }
short() { for _ in $(seq 400); do sh -c :; done; }
shells() { for _ in $(seq 400); do sh -c 'true; ls / >/dev/null'; done; }

record "$dir/mixed" mixed -a
(cd "$here" && "$SAKER_BUILD/tests/unit/match_plan" "$dir/mixed") >"$dir/out" 2>&1
ok $? "no event that a rule matches is rejected, on everything that this kernel tells" "$dir/out"
grep '^#.*rule sets' "$dir/out"

"$match" --plan -r "$official" >"$dir/plan" 2>"$dir/log"
ok $? "the plan of the official rules" "$dir/log"
types=$("$match" --event-types -r "$official" 2>/dev/null)
for what in compile search shells; do
	record "$dir/$what" "$what" -e "$types"
	"$frames" -v -b --plan "$dir/plan" <"$dir/$what" 2>"$dir/out" >/dev/null
	share=$(sed -n 's/.* of wanted types \([0-9]*\)\..*/\1/p' "$dir/out")
	[ "${share:-0}" -ge 90 ]
	ok $? "$what: of the wanted events ${share:-no} % are rejected, at least 90 are to be" "$dir/out"
	cut -c1-160 "$dir/out" | sed 's/^/# /'
done

# The same in the kernel, which can not make all tests: what the probe counted of each type.
for what in compile search shells short; do
	record "$dir/$what" "$what" -p "$dir/plan"
	"$frames" -k stat <"$dir/$what" | tail -n 1 | grep -o '"kernel\.\(wanted\|rejected\)\.[a-z0-9_]*":"*[0-9]*' | tr -d '"' |
		awk -F '[.:]' '{ sum[$2] += $4; n[$2, $3] += $4; type[$3] }
			END { printf "%d\n", sum["wanted"] ? 100 * sum["rejected"] / sum["wanted"] : 0
				for (t in type) print t ": " n["wanted", t] " wanted, " n["rejected", t] + 0 " rejected" }' >"$dir/out"
	share=$(head -n 1 "$dir/out")
	[ "${share:-0}" -ge 90 ]
	ok $? "$what: the kernel rejects ${share:-no} % of the wanted events, at least 90 are to be" "$dir/out"
	sed -n '2,$s/^/# /p' "$dir/out" | sort
done
echo "1..$n"
