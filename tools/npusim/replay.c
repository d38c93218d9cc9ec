// SPDX-License-Identifier: MIT
/*
 * npusim-replay: run a script of register accesses and checks.
 *
 * usage: npusim-replay --config NAME [--cores N] [--latency N] [--bandwidth B]
 *                      [--described-rom] SCRIPT
 *
 * Lines of a script; numbers are decimal or, with 0x, hexadecimal; # starts a
 * comment; relative file names are relative to the script:
 *
 *   fill ADDR LEN BYTE      load ADDR FILE          w REG VALUE     r REG
 *   rc REG VALUE            poll REG VALUE          wfi MASK MAXCYCLES
 *   crc ADDR LEN VALUE      dump ADDR LEN FILE      core N          sram LO HI
 *
 * Exits 0 when every check holds, 1 when one does not, 2 when the script or the
 * command line is wrong. Prints the cycles of every wait.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npusim.h"
#include "pages.h"

#define MEMORY_LIMIT	(4ull << 30)
#define POLL_CYCLES	1000000000ull
#define MAX_SRAM	16
#define READ_CYCLES	18
/* CSB takes a write per cycle, but no more than some under way, that long each. */
#define WRITES		4
#define WRITE_CYCLES	9

struct replay {
	struct npusim *sim;
	struct pages *dram;
	struct pages *sram;
	uint64_t sram_lo[MAX_SRAM], sram_hi[MAX_SRAM];
	unsigned int sram_count;
	unsigned int core, cores;
	/* of the last writes to this core: when each has made room for another */
	uint64_t write_free[WRITES];
	unsigned int writes;
	uint64_t clock;		/* CSB's, which runs while the core is idle, too */
	unsigned int line;
	const char *script;
	char *folder;
	unsigned int failed;
	bool error;
};

/* Addresses of an sram range belong to the second port, all others to the first. */
static struct pages *memory_of(struct replay *replay, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < replay->sram_count; i++) {
		if (addr >= replay->sram_lo[i] && addr < replay->sram_hi[i])
			return replay->sram;
	}

	return replay->dram;
}

static int host_read(void *ctx, enum npusim_port port, uint64_t addr, void *dst, size_t len)
{
	struct replay *replay = ctx;

	return pages_read(port == NPUSIM_CVIF ? replay->sram : replay->dram, addr, dst, len);
}

static int host_write(void *ctx, enum npusim_port port, uint64_t addr, const void *src, size_t len)
{
	struct replay *replay = ctx;

	return pages_write(port == NPUSIM_CVIF ? replay->sram : replay->dram, addr, src, len);
}

static void host_error(void *ctx, const struct npusim_error *error)
{
	struct replay *replay = ctx;

	replay->error = true;
	fprintf(stderr, "%s:%u: core %u: register 0x%x: %s\n", replay->script, replay->line,
		error->core, error->reg, error->text);
}

static void failed(struct replay *replay)
{
	replay->failed++;
}

static uint32_t crc_update(uint32_t crc, const uint8_t *data, size_t len)
{
	static uint32_t table[256];
	uint32_t i, k;

	if (!table[1]) {
		for (i = 0; i < 256; i++) {
			uint32_t c = i;

			for (k = 0; k < 8; k++)
				c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
			table[i] = c;
		}
	}
	while (len--)
		crc = table[(crc ^ *data++) & 0xff] ^ crc >> 8;

	return crc;
}

static FILE *open_beside(struct replay *replay, const char *name, const char *mode)
{
	size_t len = strlen(replay->folder) + strlen(name) + 1;
	FILE *file;
	char *path;

	if (*name == '/')
		return fopen(name, mode);
	path = malloc(len);
	if (!path)
		return NULL;
	snprintf(path, len, "%s%s", replay->folder, name);
	file = fopen(path, mode);
	free(path);

	return file;
}

static int load(struct replay *replay, uint64_t addr, const char *name)
{
	FILE *file = open_beside(replay, name, "rb");
	uint8_t buf[65536];
	size_t len;
	int err = 0;

	if (!file) {
		fprintf(stderr, "%s:%u: %s: %s\n", replay->script, replay->line, name,
			strerror(errno));
		return -ENOENT;
	}
	while (!err && (len = fread(buf, 1, sizeof(buf), file)) > 0) {
		err = pages_write(memory_of(replay, addr), addr, buf, len);
		addr += len;
	}
	if (ferror(file))
		err = -EIO;
	fclose(file);
	if (err)
		fprintf(stderr, "%s:%u: cannot load %s\n", replay->script, replay->line, name);

	return err;
}

static int dump(struct replay *replay, uint64_t addr, uint64_t len, const char *name)
{
	FILE *file = open_beside(replay, name, "wb");
	struct pages *memory = memory_of(replay, addr);
	uint8_t buf[65536];
	int err = 0;

	if (!file) {
		fprintf(stderr, "%s:%u: %s: %s\n", replay->script, replay->line, name,
			strerror(errno));
		return -EIO;
	}
	while (len && !err) {
		size_t part = len < sizeof(buf) ? (size_t)len : sizeof(buf);

		err = pages_read(memory, addr, buf, part);
		if (!err && fwrite(buf, 1, part, file) != part)
			err = -EIO;
		addr += part;
		len -= part;
	}
	if (fclose(file))
		err = -EIO;
	if (err)
		fprintf(stderr, "%s:%u: cannot write %s\n", replay->script, replay->line, name);

	return err;
}

static int check_crc(struct replay *replay, uint64_t addr, uint64_t len, uint32_t want)
{
	struct pages *memory = memory_of(replay, addr);
	uint32_t crc = 0xffffffffu;
	uint8_t buf[65536];
	uint64_t from = addr, left = len;

	while (left) {
		size_t part = left < sizeof(buf) ? (size_t)left : sizeof(buf);

		if (pages_read(memory, from, buf, part))
			return -EFAULT;
		crc = crc_update(crc, buf, part);
		from += part;
		left -= part;
	}
	crc = ~crc;
	if (crc != want) {
		printf("%u: crc 0x%" PRIx64 " 0x%" PRIx64 ": 0x%08x, want 0x%08x\n", replay->line,
		       addr, len, crc, want);
		failed(replay);
	}

	return 0;
}

static const char *state_name(enum npusim_state state)
{
	switch (state) {
	case NPUSIM_IDLE:
		return "nothing is enabled";
	case NPUSIM_STALLED:
		return "what is enabled waits for something that is not";
	case NPUSIM_ERROR:
		return "an error was reported";
	default:
		return "out of cycles";
	}
}

/* A CSB master takes a while for an access; operations go on meanwhile. */
static void pass(struct replay *replay, uint64_t cycles)
{
	enum npusim_state state = NPUSIM_INTERRUPT;
	uint64_t now = npusim_cycles(replay->sim, replay->core), end = now + cycles;

	replay->clock += cycles;
	while (state == NPUSIM_INTERRUPT && now < end) {
		state = npusim_run(replay->sim, replay->core, end - now);
		now = npusim_cycles(replay->sim, replay->core);
	}
	if (now < end)
		npusim_pass(replay->sim, replay->core, end - now);
}

static void write_register(struct replay *replay, uint32_t reg, uint32_t value)
{
	uint64_t *next = &replay->write_free[replay->writes++ % WRITES];

	if (*next > replay->clock)
		pass(replay, *next - replay->clock);
	*next = replay->clock + WRITE_CYCLES;
	npusim_reg_write(replay->sim, replay->core, reg, value);
	pass(replay, 1);
}

static uint32_t read_register(struct replay *replay, uint32_t reg)
{
	uint32_t value = npusim_reg_read(replay->sim, replay->core, reg);

	pass(replay, READ_CYCLES);

	return value;
}

/* GLB's registers in this configuration. */
static uint32_t glb(const struct replay *replay)
{
	return npusim_glb_base(replay->sim);
}

static void wait_for(struct replay *replay, uint32_t mask, uint64_t max)
{
	uint32_t status_reg = glb(replay) + 0xc, seen = 0;
	uint64_t begin = npusim_cycles(replay->sim, replay->core), used;
	enum npusim_state state = NPUSIM_INTERRUPT;

	for (;;) {
		uint32_t status = npusim_reg_read(replay->sim, replay->core, status_reg);

		seen |= status;
		if (status)
			npusim_reg_write(replay->sim, replay->core, status_reg, status);
		used = npusim_cycles(replay->sim, replay->core) - begin;
		if ((seen & mask) == mask || used >= max || state != NPUSIM_INTERRUPT)
			break;
		state = npusim_run(replay->sim, replay->core, max - used);
	}
	replay->clock += used;
	printf("%u: wfi 0x%x: status 0x%x, %" PRIu64 " cycles\n", replay->line, mask, seen, used);
	if ((seen & mask) != mask) {
		printf("%u: wfi 0x%x: %s\n", replay->line, mask, state_name(state));
		failed(replay);
		return;
	}
	/* The status was read and acknowledged. */
	pass(replay, READ_CYCLES + 1);
}

static void poll_for(struct replay *replay, uint32_t reg, uint32_t value)
{
	uint64_t begin = npusim_cycles(replay->sim, replay->core);
	uint32_t got;

	for (;;) {
		enum npusim_state state;

		got = npusim_reg_read(replay->sim, replay->core, reg);
		if (got == value)
			break;
		state = npusim_run(replay->sim, replay->core, POLL_CYCLES);
		if (state != NPUSIM_INTERRUPT) {
			got = npusim_reg_read(replay->sim, replay->core, reg);
			if (got == value)
				break;
			printf("%u: poll 0x%x: 0x%08x, want 0x%08x: %s\n", replay->line, reg, got,
			       value, state_name(state));
			failed(replay);
			return;
		}
	}
	printf("%u: poll 0x%x: %" PRIu64 " cycles\n", replay->line, reg,
	       npusim_cycles(replay->sim, replay->core) - begin);
}

static int number(const char *text, uint64_t *value)
{
	char *end;

	if (!text || *text == '-' || !*text)
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 0);

	return *end || errno ? -EINVAL : 0;
}

/* Which of a command's arguments are file names: the one at @file, from 0. */
static const struct command {
	const char *name;
	int args, file;
} commands[] = {
	{ "fill", 3, -1 }, { "load", 2, 1 }, { "w", 2, -1 }, { "r", 1, -1 }, { "rc", 2, -1 },
	{ "poll", 2, -1 }, { "wfi", 2, -1 }, { "crc", 3, -1 }, { "dump", 3, 2 },
	{ "core", 1, -1 }, { "sram", 2, -1 },
};

static int execute(struct replay *replay, const struct command *command, const uint64_t *n,
		   const char *file)
{
	const char *name = command->name;
	uint32_t got;

	if (!strcmp(name, "fill"))
		return pages_fill(memory_of(replay, n[0]), n[0], n[1], (uint8_t)n[2]);
	if (!strcmp(name, "load"))
		return load(replay, n[0], file);
	if (!strcmp(name, "dump"))
		return dump(replay, n[0], n[1], file);
	if (!strcmp(name, "crc"))
		return check_crc(replay, n[0], n[1], (uint32_t)n[2]);
	if (!strcmp(name, "w")) {
		write_register(replay, (uint32_t)n[0], (uint32_t)n[1]);
	} else if (!strcmp(name, "r")) {
		got = read_register(replay, (uint32_t)n[0]);
		printf("%u: r 0x%x: 0x%08x\n", replay->line, (uint32_t)n[0], got);
	} else if (!strcmp(name, "rc")) {
		got = read_register(replay, (uint32_t)n[0]);
		if (got != (uint32_t)n[1]) {
			printf("%u: rc 0x%x: 0x%08x, want 0x%08x\n", replay->line, (uint32_t)n[0],
			       got, (uint32_t)n[1]);
			failed(replay);
		}
	} else if (!strcmp(name, "poll")) {
		poll_for(replay, (uint32_t)n[0], (uint32_t)n[1]);
	} else if (!strcmp(name, "wfi")) {
		wait_for(replay, (uint32_t)n[0], n[1]);
	} else if (!strcmp(name, "core")) {
		if (n[0] >= replay->cores)
			return -EINVAL;
		replay->core = (unsigned int)n[0];
		memset(replay->write_free, 0, sizeof(replay->write_free));
	} else {
		if (replay->sram_count == MAX_SRAM || n[0] >= n[1])
			return -EINVAL;
		replay->sram_lo[replay->sram_count] = n[0];
		replay->sram_hi[replay->sram_count++] = n[1];
	}

	return 0;
}

static int run_line(struct replay *replay, char *text)
{
	const struct command *command = NULL;
	const char *file = NULL;
	char *word, *save = NULL;
	uint64_t n[3] = { 0 };
	size_t i;
	int arg, err;

	text[strcspn(text, "#\r\n")] = '\0';
	word = strtok_r(text, " \t", &save);
	if (!word)
		return 0;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(commands[i].name, word))
			command = &commands[i];
	}
	if (!command) {
		fprintf(stderr, "%s:%u: unknown command '%s'\n", replay->script, replay->line, word);
		return -EINVAL;
	}
	for (arg = 0; arg < command->args; arg++) {
		word = strtok_r(NULL, " \t", &save);
		if (arg == command->file)
			file = word;
		if (!word || (arg != command->file && number(word, &n[arg]))) {
			fprintf(stderr, "%s:%u: %s: argument %d is %s\n", replay->script,
				replay->line, command->name, arg + 1,
				word ? "not a number" : "missing");
			return -EINVAL;
		}
	}
	word = strtok_r(NULL, " \t", &save);
	if (word) {
		fprintf(stderr, "%s:%u: %s: '%s' is too much\n", replay->script, replay->line,
			command->name, word);
		return -EINVAL;
	}
	err = execute(replay, command, n, file);
	if (err)
		fprintf(stderr, "%s:%u: %s: %s\n", replay->script, replay->line, command->name,
			strerror(-err));

	return err;
}

static int run_script(struct replay *replay)
{
	FILE *file = fopen(replay->script, "r");
	char *text = NULL;
	size_t size = 0;
	int err = 0;

	if (!file) {
		fprintf(stderr, "%s: %s\n", replay->script, strerror(errno));
		return -ENOENT;
	}
	while (!err && getline(&text, &size, file) >= 0) {
		replay->line++;
		err = run_line(replay, text);
	}
	free(text);
	fclose(file);

	return err;
}

static int usage(void)
{
	fprintf(stderr, "usage: npusim-replay --config NAME [--cores N] [--latency N] [--bandwidth B] [--described-rom] SCRIPT\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "cores", required_argument, NULL, 'n' },
		{ "latency", required_argument, NULL, 'l' },
		{ "bandwidth", required_argument, NULL, 'b' },
		{ "described-rom", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct npusim_params params = { .cores = 32, .rtl_rom = true };
	struct replay replay = { 0 };
	uint64_t value;
	const char *slash;
	int c, err;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c') {
			params.config = optarg;
		} else if (c == 'n' && !number(optarg, &value) && value && value <= 32) {
			params.cores = (unsigned int)value;
		} else if (c == 'l' && !number(optarg, &value) && value && value < 1000000) {
			params.timing.latency = (unsigned int)value;
			params.timing.sram_latency = (unsigned int)value;
		} else if (c == 'b' && atof(optarg) > 0) {
			params.timing.bytes_per_cycle = atof(optarg);
		} else if (c == 'd') {
			params.rtl_rom = false;
		} else {
			return usage();
		}
	}
	if (optind + 1 != argc || !params.config)
		return usage();
	replay.script = argv[optind];
	replay.cores = params.cores;
	slash = strrchr(replay.script, '/');
	replay.folder = slash ? strndup(replay.script, (size_t)(slash - replay.script) + 1) :
				strdup("");
	params.host.ctx = &replay;
	params.host.read = host_read;
	params.host.write = host_write;
	params.host.error = host_error;
	err = npusim_new(&params, &replay.sim);
	if (err == -EINVAL)
		fprintf(stderr, "npusim-replay: unknown configuration '%s'\n", params.config);
	if (!err)
		err = pages_new(MEMORY_LIMIT, &replay.dram);
	if (!err)
		err = pages_new(MEMORY_LIMIT, &replay.sram);
	if (!err && !replay.folder)
		err = -ENOMEM;
	if (!err)
		err = run_script(&replay);
	npusim_free(replay.sim);
	pages_free(replay.dram);
	pages_free(replay.sram);
	free(replay.folder);
	if (err)
		return 2;
	if (replay.failed)
		printf("%u checks failed\n", replay.failed);

	return replay.failed || replay.error;
}
