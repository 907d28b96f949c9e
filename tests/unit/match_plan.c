/* The property of plans, alerts(stream) = alerts(filter(plan(rules), stream)): on captures, and on streams named as arguments, with
 * files of rules and random ones; wrong derivations must be noticed. SAKER_SEED sets the seed, SAKER_SOAK=1 takes
 * another each time, and ten times as many. */
#include "match_plan_world.h"

#include <dirent.h>
#include <time.h>

#include "match_plan_directed.h"
#include "match_plan_hostile.h"
#include "match_plan_random.h"

enum { RULE_SETS = 200, SOAK = 10 };

static struct plan_stream streams[STREAMS_MAX];
static unsigned nstreams, ncaptures;
static uint64_t seed;

static void every_rules_file(void **state)
{
	static const char data[] = "../shared/data/rules";
	static const char *const files[] = { "falco_rules.yaml", "falco-incubating_rules.yaml", "falco_rules-2021.yaml" };

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[256];
		const char *const paths[] = { path };
		struct plan_count c = {0};
		snprintf(path, sizeof path, "%s/%s", data, files[i]);
		struct program *a = rules_load(paths, 1, false), *b = rules_load(paths, 1, false);
		assert_non_null(a);
		struct plan *plan = plan_of(a, MUTATION_NONE);
		for (unsigned k = 0; k < nstreams; k++)
			stream_check(&streams[k], b, plan, &c, true);
		print_message("# %s: %llu events, %llu matched, of %llu of wanted types %llu rejected\n", files[i],
			(unsigned long long)c.events, (unsigned long long)c.matched, (unsigned long long)c.wanted,
			(unsigned long long)c.wanted_rejected);
		assert_int_equal(c.lost, 0);
		plan_free(plan);
		program_free(a);
		program_free(b);
	}
}

/* The rules files of the regression cases that load. */
static void regression_rules(void **state)
{
	static const char *const folders[] = { "../shared/data/regression/v0.28/rules", "../shared/data/regression/v0.28/test/rules",
		"../shared/data/regression/v0.42/files" };
	struct plan_count c = {0};
	unsigned loaded = 0;

	(void)state;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		DIR *d = opendir(folders[i]);
		for (struct dirent *e; d && (e = readdir(d));) {
			char path[512];
			const char *const paths[] = { path };
			size_t n = strlen(e->d_name);
			if (n < 5 || strcmp(e->d_name + n - 5, ".yaml") != 0)
				continue;
			snprintf(path, sizeof path, "%s/%s", folders[i], e->d_name);
			struct program *a = rules_load(paths, 1, true), *b = a ? rules_load(paths, 1, true) : NULL;
			if (!a)
				continue;
			struct plan *plan = plan_of(a, MUTATION_NONE);
			for (unsigned k = 0; k < nstreams; k++)
				stream_check(&streams[k], b, plan, &c, true);
			if (c.lost)
				fail_msg("%s", path);
			plan_free(plan);
			program_free(a);
			program_free(b);
			loaded++;
		}
		if (d)
			closedir(d);
	}
	print_message("# %u rules files, %llu events, %llu matched, %llu rejected\n", loaded, (unsigned long long)c.events,
		(unsigned long long)c.matched, (unsigned long long)c.rejected);
	assert_in_range(loaded, 20, 1000);
}

/* Random rules number `i` on streams; returns false when they do not load. */
static bool rules_on(const struct plan_stream *s, unsigned n, unsigned i, enum plan_mutation mutation, struct plan_count *c, bool report)
{
	struct random_rules r = { .seed = seed * 1000003 + i };
	const char *text = random_rules(&r);
	struct program *a = rules_text(text, true), *b = a ? rules_text(text, true) : NULL;

	if (a) {
		struct plan *plan = plan_of(a, mutation);
		uint64_t before = c->lost;
		for (unsigned k = 0; k < n; k++)
			stream_check(&s[k], b, plan, c, report);
		if (report && c->lost > before)
			print_error("seed %llu, rules %u:\n%s\n", (unsigned long long)seed, i, text);
		plan_free(plan);
		program_free(a);
		program_free(b);
	}
	strbuf_free(&r.text);
	return a != NULL;
}

static bool random_check(unsigned i, enum plan_mutation mutation, struct plan_count *c, bool report)
{
	return rules_on(streams, nstreams, i, mutation, c, report);
}

static unsigned rounds(void)
{
	return nstreams > ncaptures ? RULE_SETS / 5 : RULE_SETS * (getenv("SAKER_SOAK") ? SOAK : 1);
}

static void random_rule_sets(void **state)
{
	struct plan_count c = {0};
	unsigned loaded = 0;

	(void)state;
	for (unsigned i = 0; i < rounds() && !c.lost; i++)
		loaded += random_check(i, MUTATION_NONE, &c, true);
	assert_int_equal(c.lost, 0);
	assert_true(c.events > 100000);
	print_message("# %u rule sets, %llu pairs, %.1f %% rejected; of wanted types %.1f %%; %llu matched\n", loaded,
		(unsigned long long)c.events, 100.0 * (double)c.rejected / (double)c.events,
		100.0 * (double)c.wanted_rejected / (double)c.wanted, (unsigned long long)c.matched);
	assert_true(loaded > rounds() * 9 / 10);
	assert_true(c.wanted_rejected * 10 > c.wanted * 3);
	assert_true(c.matched > c.events / 1000);
}

/* The same on streams whose values are odd, each round on others. */
static void odd_streams(void **state)
{
	struct plan_count c = {0};

	(void)state;
	for (unsigned i = 0; i < rounds() && !c.lost; i++) {
		struct plan_stream odd = { .name = NULL };
		hostile_stream(&odd, &streams[i % nstreams], seed + i);
		for (unsigned k = 0; k < 4; k++)
			rules_on(&odd, 1, 4 * i + k, MUTATION_NONE, &c, true);
		stream_free(&odd);
	}
	print_message("# %llu pairs with odd values, %llu matched, of wanted types %.1f %% rejected\n", (unsigned long long)c.events,
		(unsigned long long)c.matched, 100.0 * (double)c.wanted_rejected / (double)c.wanted);
	assert_int_equal(c.lost, 0);
}

static void wrong_derivations_are_noticed(void **state)
{
	struct plan_stream made[2] = { { .name = NULL } };
	bool noticed[MUTATIONS] = { true };

	(void)state;
	directed_stream(&made[0], "made by hand, recorded", false);
	directed_stream(&made[1], "made by hand, live", true);
	for (size_t i = 0; i < sizeof directed / sizeof *directed; i++) {
		assert_int_equal(directed_lost(i, MUTATION_NONE, made, 2, true), 0);
		noticed[directed[i].mutation] = true;
		if (!directed_lost(i, directed[i].mutation, made, 2, false))
			fail_msg("mutation %d is not noticed by %s", (int)directed[i].mutation, directed[i].condition ? directed[i].condition : "many");
	}
	for (int m = 0; m < MUTATIONS; m++)
		assert_true(noticed[m]);
	stream_free(&made[0]);
	stream_free(&made[1]);
}

/* The random rules notice the coarser ones, too. */
static void random_rules_notice(void **state)
{
	static const enum plan_mutation coarse[] = { MUTATION_NOT_DROPPED, MUTATION_UNTESTABLE_FALSE, MUTATION_NOT_NOT_PUSHED, MUTATION_CHOICE };

	(void)state;
	for (size_t k = 0; k < sizeof coarse / sizeof *coarse; k++) {
		struct plan_count c = {0};
		unsigned i = 0;
		for (; i < 1000 && !c.lost; i++)
			random_check(i, coarse[k], &c, false);
		print_message("# mutation %d noticed after %u rule sets\n", (int)coarse[k], i);
		assert_true(c.lost > 0);
	}
}

static void read_captures(void)
{
	static const char *const names[] = { "cat_write", "connect_localhost", "curl_google", "open-multiple-files", "ping_sendto",
		"privileged", "run_as_user_65534_container", "single_ipv6_conn", "sample" };
	char command[512];

	const char *build = getenv("SAKER_BUILD");

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(command, sizeof command, "%s/bin/probe -r ../shared/data/captures/%s.scap", build ? build : "build", names[i]);
		FILE *in = popen(command, "r");
		stream_read(&streams[nstreams++], in, names[i]);
		pclose(in);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rules_file), cmocka_unit_test(regression_rules), cmocka_unit_test(random_rule_sets), cmocka_unit_test(odd_streams),
		cmocka_unit_test(wrong_derivations_are_noticed), cmocka_unit_test(random_rules_notice),
	};

	seed = getenv("SAKER_SEED") ? strtoull(getenv("SAKER_SEED"), NULL, 10) : getenv("SAKER_SOAK") ? (uint64_t)time(NULL) : 1;
	printf("# seed %llu\n", (unsigned long long)seed);
	read_captures();
	ncaptures = nstreams;
	for (int i = 1; i < argc && nstreams < STREAMS_MAX; i++) {
		FILE *in = fopen(argv[i], "r");
		streams[nstreams].live = true;
		stream_read(&streams[nstreams++], in, argv[i]);
		fclose(in);
	}
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	while (nstreams)
		stream_free(&streams[--nstreams]);
	return rc;
}
