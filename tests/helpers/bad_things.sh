#!/bin/sh
# bad_things.sh DIR WAY CONTAINER RULES: does the bad things of tests/live/bad_things.t, and the harmless twin of each,
# with the programs in DIR/WAY and in that container (none: leaves those out). Each one reports into DIR/WAY.report.
# It is run as a script, under sudo, and read by an interactive shell.
dir=$1 way=$2 container=$3 rules=$4
here=$dir/$way

inside() {
	timeout 20 docker -H "unix://$dir/docker/socket" exec "$@"
}

# Says the shell's own line of the process file system; nothing else is started.
# shellcheck disable=SC2016  # for the shell inside
shell='read -r stat <"/proc/$$/stat"; echo "$1 $stat"'

bad_things() {
	if [ -n "$container" ]; then
		# Somebody at a terminal hands it on.
		if [ -t 0 ]; then terminal=-it; else terminal=-t; fi
		inside "$terminal" "$container" sh -c "$shell" sh shell
		inside "$container" sh -c 'cd /tmp; cat /bin/bad_thing >dropped; chmod 755 dropped; /tmp/dropped dropped nothing; :'
		inside -u carol "$container" bad_thing redirect dup tcp 0
	fi
	"$here/reader" read read /etc/shadow
	"$here/reader" link fork-read "$here/link"
	"$here/runner" memfd exec memfd payload
	"$here/tracer" ptrace trace attach
}

twins() {
	if [ -n "$container" ]; then
		inside "$container" sh -c "$shell" sh twin-shell
		inside -t "$container" bad_thing twin-dropped nothing
		inside "$container" bad_thing twin-redirect dup file 0 unix 0 tcp 5
	fi
	# Falco's rules trust this one for its name; ours do not.
	"$here/chage" impostor read /etc/shadow
	"$here/reader" twin-read read /etc/passwd
	"$here/reader" twin-link read "$here/shadow"
	chage -l root >/dev/null && echo '{"label": "twin-known"}'
	"$here/runner" twin-memfd exec file payload
	if [ "$rules" = saker ]; then
		"$here/tracer" twin-ptrace trace continue refused child
		strace -o /dev/null true && echo '{"label": "twin-debugger"}'
	else
		"$here/tracer" twin-ptrace trace continue # its rules also want the others
	fi
	"$here/runner" twin-host dup tcp 0
}

{
	bad_things
	twins
	"$here/reader" last read /etc/shadow # its alert is the last one, for events keep their order
} >>"$dir/$way.report" 2>>"$dir/$way.errors"
