/* saker-conf: reads the configuration and makes generations of it. See saker-conf(1). */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "falco.h"
#include "folder.h"
#include "generation.h"
#include "sense.h"
#include "shipped.h"
#include "stage.h"
#include "watch.h"
#include "wire/log.h"

static const char usage[] =
	"usage: saker-conf check [-c FILE] [-O KEY=VALUE]...\n"
	"       saker-conf generate -d RUNDIR [-c FILE] [-O KEY=VALUE]... [-r FILE|DIR]... [-e TYPES] [-u OWNERS] [-v]\n"
	"       saker-conf wait [-n] -d RUNDIR       saker-conf exec -d RUNDIR [-g N] STAGE [ARGUMENT]...\n"
	"       saker-conf [-d RUNDIR [-u OWNERS]] --falco [ARGUMENT]...\n"
	"       saker-conf --config-schema | --saker-yaml | --mdoc | --keys | --version | --help\n"
	"Reads saker.yaml, or a falco.yaml, and prepares what the stages need.\n"
	"  check            say what is wrong with the configuration\n"
	"  generate         write the next generation, a folder RUNDIR/N, and print N\n"
	"  wait             until a file that the generation in force was made from has changed, since then or (-n) since now\n"
	"  exec             become a stage, with the arguments that the generation in force has for it, then these\n"
	"  -c FILE          the configuration; without it /etc/saker/saker.yaml, if it is there\n"
	"  -O KEY=VALUE     set a key: a.b=VALUE, a[0].b=VALUE, list[]=VALUE; an object or a list as YAML in one line\n"
	"  -r FILE|DIR      rules, instead of rules_files\n"
	"  -e TYPES         event types to capture, instead of those that the rules need\n"
	"  -d RUNDIR        the folder of generations\n"
	"  -u OWNERS        STAGE=USER,...: the numbers of the users who alone may read what the stages are started with\n"
	"  -g N             generation N instead of the one in force (the link RUNDIR/current)\n"
	"  --falco          Falco's command line, of today and of 2021\n"
	"  --config-schema  print a JSON schema of the configuration\n"
	"  --saker-yaml     print the configuration file that saker ships; --mdoc its keys for the manual page\n"
	"  --keys           list the configuration keys: name, program, default, meaning, with tabs between them\n";

static const char default_path[] = "/etc/saker/saker.yaml";

/* Large, and there once: not on the stack. */
struct command {
	const char *rundir, *generation;
	bool now;                               /* wait for what changes from now on */
	struct say say;
	struct sources sources;
	struct settled settled;
	struct rules rules;
	struct run run;
};

static int load(struct command *c)
{
	c->sources.say = c->settled.say = &c->say;
	c->settled.sources = &c->sources;
	if (!c->sources.path && access(default_path, F_OK) == 0)
		c->sources.path = default_path;
	else if (!c->sources.path)
		c->sources.named[c->sources.nnamed++] = (struct seen){ default_path, "-" };
	if (sources_read(&c->sources) != 0 || settle(&c->settled) != 0 || sense_check(&c->settled) != 0 || sense_outputs(&c->settled) != 0)
		return EX_CONFIG;
	return 0;
}

static int check(struct command *c)
{
	int status = load(c);

	for (unsigned i = 0; status == 0 && i < c->sources.nfiles; i++)
		printf("%s: ok\n", c->sources.files[i].path);
	return status;
}

static const char *need_rundir(const struct command *c)
{
	if (!c->rundir)
		diex(EX_USAGE, "expected -d RUNDIR; try 'saker-conf --help'");
	return c->rundir;
}

static int generate(struct command *c)
{
	const char *rundir = need_rundir(c);
	int status = load(c);

	if (status != 0)
		return status;
	c->run.head = strcmp(settled_text(&c->settled, CONF_ENGINE_KIND), "nodriver") == 0 ? "none" : "probe";
	if (strcmp(settled_text(&c->settled, CONF_ENGINE_KIND), "replay") == 0)
		c->run.input = settled_text(&c->settled, CONF_REPLAY_FILE);
	if (rules_find(&c->rules, &c->settled) != 0)
		return EX_CONFIG;
	long n = generation_write(rundir, &c->settled, &c->rules, &c->run);
	if (n < 0)
		return EX_CONFIG;
	printf("%ld\n", n);
	return 0;
}

static int wait_for_change(struct command *c)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s/watched", need_rundir(c), c->generation);
	return watch_wait(path, c->now);
}

static int become_stage(struct command *c, int argc, char **argv)
{
	char path[PATH_MAX], block[8192];
	struct strbuf arguments = {0};
	size_t n;

	if (argc < 1)
		diex(EX_USAGE, "exec: expected the name of a stage");
	snprintf(path, sizeof path, "%s/%s/%s.args", need_rundir(c), c->generation, argv[0]);
	FILE *f = fopen(path, "re");
	if (!f)
		die(EX_NOINPUT, "%s", path);
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		strbuf_add(&arguments, block, n);
	fclose(f);
	for (int i = 1; i < argc; i++)
		arguments_add(&arguments, argv[i]);
	strbuf_puts(&arguments, "");
	stage_become(argv[0], &arguments);
	die(EX_UNAVAILABLE, "%s", argv[0]);
}

static void add_rules(struct rules *r, const char *path)
{
	if (r->nentries == RULES_FILES_MAX)
		diex(EX_USAGE, "found more than %d -r options, expected fewer", RULES_FILES_MAX);
	r->given = true;
	r->entries[r->nentries++] = path;
}

static void add_option(struct sources *s, const char *option)
{
	if (s->noptions == SOURCES_OPTIONS)
		diex(EX_USAGE, "found more than %d -O options, expected fewer", SOURCES_OPTIONS);
	s->options[s->noptions++] = option;
}

static int print(void (*made)(struct strbuf *))
{
	struct strbuf b = {0};

	made(&b);
	fwrite(b.p, 1, b.n, stdout);
	strbuf_free(&b);
	return fflush(stdout) == 0 ? 0 : EX_OSERR;
}

/* The words that print something and nothing else; -1: it is another one. */
static int print_word(const char *word)
{
	if (strcmp(word, "--config-schema") == 0)
		return print(shipped_schema);
	if (strcmp(word, "--saker-yaml") == 0)
		return print(shipped_yaml);
	if (strcmp(word, "--mdoc") == 0)
		return print(shipped_mdoc);
	if (strcmp(word, "--keys") == 0)
		conf_list(stdout);
	else if (strcmp(word, "--version") == 0)
		printf("saker-conf %s\n", SAKER_VERSION);
	else if (strcmp(word, "--help") == 0)
		fputs(usage, stdout);
	else
		return -1;
	return 0;
}

static int options(struct command *c, int argc, char **argv)
{
	int opt;

	/* + : what stands behind exec's stage is the stage's. */
	while ((opt = getopt(argc, argv, "+c:O:r:d:g:e:nu:v")) != -1) {
		switch (opt) {
		case 'c': c->sources.path = optarg; break;
		case 'O': add_option(&c->sources, optarg); break;
		case 'r': add_rules(&c->rules, optarg); break;
		case 'd': c->rundir = optarg; break;
		case 'g': c->generation = optarg; break;
		case 'e': c->run.types = optarg; break;
		case 'n': c->now = true; break;
		case 'u': c->run.owners = optarg; break;
		case 'v': c->run.verbose = true; break;
		default: diex(EX_USAGE, "try 'saker-conf --help'");
		}
	}
	return optind;
}

static int command(struct command *c, int argc, char **argv)
{
	static const struct { const char *name; int (*run)(struct command *); } commands[] = {
		{ "check", check }, { "generate", generate }, { "wait", wait_for_change },
	};
	int i = options(c, argc, argv);

	if (strcmp(argv[0], "exec") == 0)
		return become_stage(c, argc - i, argv + i);
	if (i < argc)
		diex(EX_USAGE, "found '%s', expected no more arguments", argv[i]);
	for (size_t k = 0; k < sizeof commands / sizeof *commands; k++)
		if (strcmp(argv[0], commands[k].name) == 0)
			return commands[k].run(c);
	diex(EX_USAGE, "found '%s', expected check, generate, wait, exec or --falco", argv[0]);
}

int main(int argc, char **argv)
{
	struct command *c = calloc(1, sizeof *c);
	int first = 1, status;

	log_open("saker-conf", 0);
	if (!c)
		diex(EX_OSERR, "out of memory");
	c->generation = "current";
	c->run.head = "probe";
	if (argc > 3 && strcmp(argv[1], "-d") == 0) {
		c->rundir = argv[2];
		first = 3;
	}
	if (argc > 5 && first == 3 && strcmp(argv[3], "-u") == 0) {
		c->run.owners = argv[4];
		first = 5;
	}
	if (first >= argc)
		diex(EX_USAGE, "expected a command; try 'saker-conf --help'");
	if (strcmp(argv[first], "--falco") == 0)
		status = falco_main(c->rundir, c->run.owners, argc - first, argv + first);
	else if ((status = print_word(argv[first])) < 0)
		status = command(c, argc - first, argv + first);
	settled_free(&c->settled);
	sources_free(&c->sources);
	say_free(&c->say);
	free(c);
	return status;
}
