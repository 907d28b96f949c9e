"""The table of `make bench`: the works with Falco's figures and our targets, and how it is printed.

Falco's figures are those of ../shared/bench/README.md: Falco 0.45-dev of July 2026, its stable rules, medians of 5 runs
on another machine of this kind. Times of two machines differ: compare ratios, or what is added beside the bare time."""
import os, platform
from statistics import median

HOOK = 'hook'   # for a target: what the empty program adds
# work: (title, times, Falco's (bare, with, CPU) ns, targets: most ns added, most ns of CPU)
WORKS = {
    'getpid': ('getpid', 2000000, (145, 259, 1), 115, None),
    'open': ('open+close', 400000, (2064, 3631, 2568), 400, 5),
    'pipe': ('pipe write+read', 500000, (685, 988, 6), HOOK, None),
    'stat': ('stat', 500000, (963, 1114, 6), HOOK, None),
    'fork': ('fork+exec+wait', 1500, (620600, 749500, 118200), None, 12000),
    'tcp': ('connect+accept+close', 20000, (29450, 32940, 7500), 700, 50),
    'tcp_wanted': ('  where a rule wants it', 20000, (29450, 32940, 7500), 2500, 2500),
}
WANTED_RULE = """- {rule: wanted, desc: d, priority: INFO, output: 'to %fd.sip',
   condition: 'evt.type = connect and fd.sip = "127.0.0.1" and proc.cmdline contains "none like this"'}
"""
EVERY_OPEN_RULE = """- {rule: every open, desc: d, priority: INFO, output: '%fd.name',
   condition: 'evt.type in (open, openat) and proc.cmdline contains "none like this"'}
"""
# title: (shell line, % that Falco adds to its time, most % that we may)
REAL_WORKS = {
    'loop of 400 short shells': ('i=0; while [ $i -lt 400 ]; do sh -c :; i=$((i + 1)); done', 39, 3),
    'tar of /usr/include': ('tar -C /usr -cf - include | cat', 28, 3),
}
# beside what alerts are timed: (title, opens a second or None, 0 being full speed, alerts, Falco's, most ms at p50 and at p99)
LATENCIES = [
    ('on an idle host', None, 200, '6.6-13 / 24-28 / 29-30 ms', 0.3, 2),
    ('beside 100,000 opens a second', 100000, 100, '0.7 / - / 2.4 ms', None, None),
    ('beside opens at full speed', 0, 60, '24 / - / 256 ms, 29 of 300 missed', None, 10),
]

WORK_HEAD = ('work', 'bare ns', 'spread', 'hook adds', 'with ns', 'added ns', 'ratio', 'CPU ns', 'kernel ns',
             'added', 'ratio', 'CPU ns', 'target')
WORK_LINE = '{:22}{:>10}{:>8}{:>11}{:>10}{:>10}{:>7}{:>9}{:>10}  |{:>9}{:>7}{:>9}  | {}'
FIGURE_LINE = '{:36}{:>50}  | {:33}| {}'


def number(value):
    return '-' if value is None else f'{value:,.0f}'


def verdict(what, value, limit, floor=None):
    """What came of a target; nothing where there is none. `floor`: what the empty program takes of it."""
    if limit is None:
        return ''
    if limit == HOOK:
        # A quarter is noise and the test of a bit.
        return f'{"ok" if value <= 1.25 * floor else "OVER"} ({what} no more than the hook)'
    beyond = ', WHICH THE HOOK ALONE IS' if floor and floor > limit else ''
    return f'{"ok" if value <= limit else "OVER"} ({what} at most {limit:,}{beyond})'


def work_line(name, figures):
    title, _, (falco_bare, falco_with, falco_cpu), most_added, most_cpu = WORKS[name]
    runs = figures['works'][name]
    bare, hooked, watched, cpu = (median(runs[key]) for key in ('bare', 'hook', 'with', 'cpu'))
    spread = (max(runs['bare']) - min(runs['bare'])) / bare
    verdicts = verdict('added', watched - bare, most_added, hooked - bare), verdict('CPU', cpu, most_cpu)
    return WORK_LINE.format(
        title, number(bare), f'{spread:.0%}', number(hooked - bare), number(watched), number(watched - bare), f'{watched / bare:.2f}',
        number(cpu), number(figures['kernel'].get(name)),
        number(falco_with - falco_bare), f'{falco_with / falco_bare:.2f}', number(falco_cpu),
        ', '.join(filter(None, verdicts))).rstrip()


def latency_line(case, found):
    title, _, _, falco, limit50, limit99 = case
    p50, p90, p99, seen, missed = found
    text = ' / '.join(f'{ns / 1e6:.2f}' for ns in (p50, p90, p99)) + f' ms, {missed:.0f} of {seen + missed:.0f} missed'
    verdicts = verdict('ms at p50', p50 / 1e6, limit50), verdict('ms at p99', p99 / 1e6, limit99)
    return '  ' + title, text, falco, ', '.join(filter(None, verdicts))


def dropped_by_reason(counters):
    """Reason to number of events, of counters like kernel.dropped.full.openat."""
    reasons = {}
    for name, count in counters.items():
        if name.startswith('kernel.dropped.'):
            reason = name.split('.')[2]
            reasons[reason] = reasons.get(reason, 0) + count
    return {reason: count for reason, count in reasons.items() if count}


def counted(counters, kind):
    return sum(count for name, count in counters.items() if name.startswith(f'kernel.{kind}.'))


def full_speed_lines(bare, watched, cpu, counters):
    drops = dropped_by_reason(counters)
    delivered = counted(counters, 'delivered')
    share = sum(drops.values()) / max(1, sum(drops.values()) + delivered)
    reasons = ', '.join(f'{reason} {count:,}' for reason, count in drops.items()) or 'none'
    slow = 'ok' if watched >= 0.82 * bare else 'OVER'
    yield ('open+close, 2 threads at full speed', f'{watched:,.0f}/s of {bare:,.0f}/s bare ({watched / bare:.2f})',
           '400,000/s of 930,000/s bare (0.43)', slow + ' (at least 0.82)')
    yield '  events dropped there', f'{share:.0%} ({reasons})', '42%', verdict('dropped', sum(drops.values()), 0)
    yield '  CPU there', f'{cpu:.0f}% of a core', '51% of a core'


def every_open_lines(rate, cpu, counters):
    drops = counted(counters, 'dropped')
    yield ('every open delivered, at a pace', f'{rate:,.0f}/s, {counted(counters, "delivered"):,} delivered, {drops:,} dropped, {cpu:.0f}% of a core',
           'drops from 220,000/s', 'ok' if rate >= 399000 and drops == 0 else 'OVER (none dropped at 400,000/s)')


def real_work_lines(found):
    for name, runs in found.items():
        bare, hooked, watched = (median(runs[key]) for key in ('bare', 'hook', 'with'))
        _, falco, limit = REAL_WORKS[name]
        floor, added = (100 * (time / bare - 1) for time in (hooked, watched))
        yield (name + ', time added', f'{added:+.1f}% of {1e3 * bare:,.0f} ms (the hook {floor:+.1f}%)', f'+{falco}%',
               verdict('%', added, limit, floor))


def figure_lines(figures):
    starts = {key: median(values) for key, values in figures['starts'].items()}
    yield 'start to first alert', f'{starts["ms"]:,.0f} ms, {starts["cpu"]:,.0f} ms of CPU', '1,500 ms, 1,440 ms of CPU', verdict('ms', starts['ms'], 150)
    yield 'memory (PSS) without buffers', f'{starts["pss"]:.1f} MiB', '48 MiB', verdict('MiB', starts['pss'], 20)
    yield 'idle CPU over 10 s', f'{figures["idle"]:.2f}% of a core', '0.3% to 1% of a core', verdict('%', figures['idle'], 0.05)
    yield 'open to alert line, p50 / p90 / p99', '', ''
    for case, found in zip(LATENCIES, figures['latencies']):
        yield latency_line(case, found)
    yield from full_speed_lines(*figures['full_speed'])
    yield from every_open_lines(*figures['every_open'])
    yield from real_work_lines(figures['real_works'])


def noise_line(noise, load_after):
    before, after = (' '.join(f'{value:.2f}' for value in load) for load in (noise['load'], load_after))
    others = f'; OTHERS WATCH TOO, with {noise["watchers"]} BPF programs' if noise['watchers'] else ''
    loads = f'load average {before} at the start, {after} at the end (of this work)'
    return f'noise: {loads}{others}; spread is of the bare runs'


def show(figures):
    print('saker on Linux {} {}, {} CPUs; rules: {}; runs: {}, of which the median'.format(
        platform.release(), platform.machine(), os.cpu_count(), figures['rules'], figures['runs']))
    print(noise_line(figures['noise'], os.getloadavg()))
    print('hook: a BPF program at the same place that does nothing; who sees system calls there can not go below')
    print("right of the bar: Falco 0.45-dev on another machine (../shared/bench/README.md), then saker's targets\n")
    print(WORK_LINE.format(*WORK_HEAD))
    for name in WORKS:
        print(work_line(name, figures))
    print()
    print(FIGURE_LINE.format('figure', 'saker', 'Falco', 'target').rstrip())
    for line in figure_lines(figures):
        print(FIGURE_LINE.format(*line, *[''] * (4 - len(line))).rstrip(' |'))
