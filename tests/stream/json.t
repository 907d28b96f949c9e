#!/bin/sh
# A JSON log through frames, match and emit, as README.md has it; rules of its source, and documents that can not be read.
here=$(cd "$(dirname "$0")/../.." && pwd)
PATH="${SAKER_BUILD:-$here/build}/bin:$PATH"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export TZ=UTC PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
n=0

result() { # STATUS WHAT
	n=$((n + 1))
	[ "$1" -eq 0 ] && echo "ok $n - $2" && return
	echo "not ok $n - $2"
	for file in out err; do
		[ -s $file ] && sed "s/^/# $file: /" $file
	done
}

rule() { # NAME SOURCE CONDITION OUTPUT
	printf -- '- rule: %s\n  desc: d\n  source: %s\n  condition: %s\n  output: "%s"\n  priority: WARNING\n' "$@"
}

checked() { # FILE: its status is that of loading the rules
	match -n -r "$1" >out 2>err
}

cat >okta.jsonl <<'JSON'
{"published": "2024-05-01T10:00:00Z", "eventType": "user.session.start", "actor": {"id": "ann"}, "ips": ["10.0.0.1", "10.0.0.2"]}
{"published": "2024-05-01T10:00:01.5Z", "eventType": "user.mfa.factor.deactivate", "actor": {"id": "ann"}, "ips": ["10.0.0.1"], "risk": 7}
{"published": "2024-05-01T10:00:02Z", "eventType": "user.mfa.factor.deactivate", "actor": {"id": "admin"}}
JSON
cat >okta.yaml <<'YAML'
- list: admins
  items: [admin, root]
- macro: admin
  condition: json.value[/actor/id] in (admins)
- rule: MFA off
  desc: Somebody has switched off a second factor
  source: okta
  condition: jevt.value[/eventType] = user.mfa.factor.deactivate and not admin
  output: MFA off (user=%json.value[/actor/id] ip=%json.value[/ips/0] all=%json.value[ips] risk=%json.value[/risk]
    none=%json.value[/x] time=%json.rawtime number=%evt.num source=%evt.source)
  priority: WARNING
  tags: [okta]
YAML
said='MFA off (user=ann ip=10.0.0.1 all=["10.0.0.1"] risk=7 none=<NA> time=1714557601500000000 number=2 source=okta)'

# shellcheck disable=SC2094  # okta.jsonl and okta.yaml are read only
frames --json-source okta < okta.jsonl | match -r okta.yaml 2>err | emit >out
[ "$(grep -c . out)" = 1 ] && grep -q 'Warning MFA off (user=ann ip=10.0.0.1 ' out && ! grep -qv '^match: 1 rules, 1 macros, 1 lists' err
result $? "the recipe of the design raises an alert"
frames --json-source okta --time /published <okta.jsonl >okta.saker
match -r okta.yaml <okta.saker 2>err | emit --json >out
[ "$(jq -c '[.rule, .source, .priority, .time, .tags, .complete, .ancestry // []]' out)" = \
	'["MFA off","okta","Warning","2024-05-01T10:00:01.500000000Z",["okta"],true,[]]' ]
result $? "the alert has the source and the time of the record"
[ "$(jq -r .output out)" = "10:00:01.500000000: Warning $said" ]
result $? "output is formatted as for others"
[ "$(jq -c '.output_fields | [."json.value[/actor/id]", ."json.value[/risk]", ."json.value[/x]", ."evt.num", ."evt.time"]' out)" = \
	'["ann","7",null,2,1714557601500000000]' ]
result $? "and so are its fields"

{ cat okta.yaml; rule call syscall evt.num=1 x; rule other aws 'evt.num >= 1' x; } >more.yaml
match -r more.yaml <okta.saker 2>err | emit --json >out
[ "$(jq -r .rule out)" = 'MFA off' ] && ! grep -q "'other'" err
result $? "rules of other sources are not tried; nothing is said of a source that does not come"

rule R okta 'evt.type = open' x >bad.yaml
checked bad.yaml && grep -q 'Unknown source okta, skipping: bad.yaml:4:14: .*nonexistent field evt.type' err
result $? "a rule with a field of system calls is left out, and it is said"
rule R okta 'evt.num > 0' 'x %proc.name' >bad.yaml
checked bad.yaml && grep -q 'Unknown source okta, skipping: .*unknown filter' err
result $? "in the output too"
rule R syscall 'json.value[/a] = 1' x >bad.yaml
! checked bad.yaml && grep -q 'nonexistent field json.value' err
result $? "and a field of JSON records in a rule of system calls"
rule R okta 'json.value = 1' x >bad.yaml
! checked bad.yaml && grep -q 'bad.yaml:4:14' err
result $? "json.value needs a pointer"
rule R aws 'aws.region = x' x >plugin.yaml
checked plugin.yaml && grep -q 'plugin.yaml:1:.*warning: Unknown source aws, skipping: plugin.yaml:4:14: .*nonexistent field aws.region' err
result $? "a rule with a field of a plugin that is not here is left out, with a warning"
rule R k8s_audit 'ka.verb = get or json.value[/verb] = get' 'x %jevt.time %ka.user.name' >k8s.yaml
checked k8s.yaml && [ "$(grep -c . err)" = 1 ]
result $? "rules of k8s_audit load"

# The whole document, numbers without bounds
printf '%s\n' '{"z":1, "a":{"y":[1,{}],"b":[]},"n":18446744073709551616,"s":"\u00e9\"{"}' >doc.jsonl
rule R okta 'json.value[/n] = 18446744073709551616' 'x' >r.yaml
sed -i 's|output: .*|output: "%json.obj %json.value[/a] %json.value[/s]"|' r.yaml
frames --json-source okta <doc.jsonl | match -r r.yaml 2>err | emit -O json_output=true | jq -r '.output_fields["json.obj"]' >out
printf '{\n  "z": 1,\n  "a": {\n    "y": [\n      1,\n      {}\n    ],\n    "b": []\n  },\n  "n": 18446744073709551616,\n  "s": "\\u00e9\\"{"\n}\n' >want
cmp -s out want
result $? "json.obj is the document, indented; a number of 20 digits is one"
sed -i 's|output: .*|output: "%jevt.obj"|; s|json.value|jevt.value|' r.yaml
frames --json-source okta <doc.jsonl | match -O compat=0.28 -r r.yaml 2>err | emit -O json_output=true | jq -r '.output_fields["jevt.obj"]' >out
grep -qF '{"a":{"b":[],"y":[1,{}]},' out
result $? "0.28 has it on one line with its keys sorted"
printf '{"a":1}{"a":2}\n' | frames --json-source okta 2>err >/dev/null
[ $? = 65 ] && grep -q 'line 1, column 8: ' err
result $? "two documents on a line are an error with its place"

# Records that do not go through frames: what it would refuse.
python3 - >hostile.saker <<'PYTHON'
import sys
from wire import *
documents = ['{"a": 1, "a": 2}', '{"a": ', "[" * 100000, b'{"a": "\xff"}', "{}," * 300000, "", '{"a": 1}']
documents += ["{"] * 12
sys.stdout.buffer.write(hello() + b"".join(
    frame(JSON, TIME + i, i + 1, "okta", d if isinstance(d, bytes) else d.encode()) for i, d in enumerate(documents)) + end())
PYTHON
rule R okta 'not json.value[/a] = 2' 'x %json.obj' >r.yaml
match -r r.yaml <hostile.saker >alerts 2>err
status=$?
frames <alerts >out
[ "$status" = 0 ] && [ "$(jq -r 'select(.kind=="alert") | .origin.id' out)" = 7 ]
result $? "documents that can not be read raise nothing, and the next is read"
[ "$(jq -c 'select(.kind=="stat") | .counters | [.in, .evaluated, .dropped, ."rule.errors"]' out | tail -n 1)" = '[19,1,18,18]' ]
result $? "each is counted as dropped and as an error"
[ "$(grep -c 'can not be read' err)" = 10 ] && grep -q 'source okta, record 1: the document can not be read and was dropped: .*duplicate' err &&
	[ "$(grep -c 'record 3:' err)" = 1 ]
result $? "and named once, the first ten"
rule R okta 'evt.source = okta' x >r.yaml
match -r r.yaml <hostile.saker 2>err | frames >out
[ "$(jq -r 'select(.kind=="alert") | .complete' out | grep -c true)" = 19 ] && ! grep -q 'can not be read' err
result $? "what no rule asks for is not read"
rule R okta 'evt.num = 2' 'x %json.value[/a]' >r.yaml
match -r r.yaml <hostile.saker 2>err | frames >out
[ "$(jq -c 'select(.kind=="alert") | [.complete, .lost]' out)" = '[false,["document"]]' ]
result $? "an alert whose output needs such a document is incomplete"
echo "1..$n"
