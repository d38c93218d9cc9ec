// SPDX-License-Identifier: MIT
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guarded.h"

int guarded_new(struct guarded *guarded, size_t size, int at_end)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t inside = (size + page - 1) / page * page;

	guarded->size = size;
	guarded->map_size = inside + 2 * page;
	guarded->map = mmap(NULL, guarded->map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guarded->map == MAP_FAILED)
		return -ENOMEM;
	if (mprotect((char *)guarded->map + page, inside, PROT_READ | PROT_WRITE)) {
		munmap(guarded->map, guarded->map_size);
		return -ENOMEM;
	}
	guarded->data = (int8_t *)guarded->map + page + (at_end ? inside - size : 0);

	return 0;
}

void guarded_free(struct guarded *guarded)
{
	munmap(guarded->map, guarded->map_size);
}
