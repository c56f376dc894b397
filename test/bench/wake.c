/*
 * What a machine lets any program do: two threads that each wake every millisecond and work for a part of it, and how
 * late they were and how long they were held up. Usage: wake <work us per millisecond> <seconds>.
 * Prints the worst hold-up (lateness of a wake-up, or length of a turn beyond its work) and the 99th percentile of the
 * lateness, ns, over both threads.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

enum { PERIOD_NS = 1000000, THREADS = 2, BILLION = 1000000000 };

static int64_t work_ns, span_ns;

struct thread {
	pthread_t id;
	int64_t *late_ns;
	int count;
	int64_t held_ns;
};

static int64_t now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * BILLION + at.tv_nsec;
}

static void *wake(void *argument)
{
	struct thread *self = argument;
	prctl(PR_SET_TIMERSLACK, 1);
	int64_t due = now(), end = due + span_ns;
	while ((due += PERIOD_NS) < end) {
		struct timespec at = { due / BILLION, due % BILLION };
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		int64_t woken = now(), late = woken - due;
		self->late_ns[self->count++] = late;
		while (now() < woken + work_ns)
			;
		int64_t longer = now() - woken - work_ns;
		if (late > self->held_ns)
			self->held_ns = late;
		if (longer > self->held_ns)
			self->held_ns = longer;
	}
	return NULL;
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

int main(int count, char **words)
{
	if (count != 3) {
		fprintf(stderr, "usage: wake <work us per millisecond> <seconds>\n");
		return 1;
	}
	work_ns = atoll(words[1]) * 1000;
	span_ns = atoll(words[2]) * BILLION;
	int64_t most = span_ns / PERIOD_NS, *late_ns = calloc(THREADS * most, sizeof *late_ns);
	struct thread threads[THREADS];
	for (int i = 0; i < THREADS; i++) {
		threads[i] = (struct thread){ .late_ns = late_ns + i * most };
		pthread_create(&threads[i].id, NULL, wake, &threads[i]);
	}
	int64_t held_ns = 0;
	int all = 0;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i].id, NULL);
		for (int k = 0; k < threads[i].count; k++)
			late_ns[all++] = threads[i].late_ns[k];
		if (threads[i].held_ns > held_ns)
			held_ns = threads[i].held_ns;
	}
	qsort(late_ns, all, sizeof *late_ns, ascending);
	printf("%lld %lld\n", (long long)held_ns, (long long)late_ns[(int)(all * 0.99)]);
	free(late_ns);
	return 0;
}
