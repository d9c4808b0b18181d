#include "state/helper.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum helper_step { HELPER_IDLE, HELPER_ASKED, HELPER_RUNNING };

struct helper {
	const char *name;
	pthread_mutex_t m;
	pthread_cond_t asked, done;
	enum helper_step step;
	bool stop;
	void (*work)(void *ctx);
	void *ctx;
	pthread_t thread;
};

static void *helper_main(void *arg)
{
	struct helper *h = arg;
	pthread_setname_np(pthread_self(), h->name);
	pthread_mutex_lock(&h->m);
	while (!h->stop) {
		if (h->step != HELPER_ASKED) {
			pthread_cond_wait(&h->asked, &h->m);
			continue;
		}
		h->step = HELPER_RUNNING;
		pthread_mutex_unlock(&h->m);
		h->work(h->ctx);
		pthread_mutex_lock(&h->m);
		h->step = HELPER_IDLE;
		pthread_cond_signal(&h->done);
	}
	pthread_mutex_unlock(&h->m);
	return NULL;
}

static void helper_free(struct helper *h)
{
	pthread_cond_destroy(&h->done);
	pthread_cond_destroy(&h->asked);
	pthread_mutex_destroy(&h->m);
	free(h);
}

enum err helper_start(struct helper **out, const char *name)
{
	*out = NULL;
	struct helper *h = calloc(1, sizeof *h);
	if (!h)
		return ERR_NOMEM;
	h->name = name;
	pthread_mutex_init(&h->m, NULL);
	pthread_cond_init(&h->asked, NULL);
	pthread_cond_init(&h->done, NULL);
	if (pthread_create(&h->thread, NULL, helper_main, h) != 0) {
		helper_free(h);
		return ERR_UNAVAILABLE;
	}
	*out = h;
	return ERR_OK;
}

void helper_stop(struct helper *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->m);
	bug_if(h->step != HELPER_IDLE);
	h->stop = true;
	pthread_cond_signal(&h->asked);
	pthread_mutex_unlock(&h->m);
	pthread_join(h->thread, NULL);
	helper_free(h);
}

void helper_ask(struct helper *h, void (*work)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&h->m);
	bug_if(h->step != HELPER_IDLE);
	h->work = work;
	h->ctx = ctx;
	h->step = HELPER_ASKED;
	pthread_mutex_unlock(&h->m);
	pthread_cond_signal(&h->asked);
}

void helper_end(struct helper *h)
{
	pthread_mutex_lock(&h->m);
	if (h->step == HELPER_ASKED)
		h->step = HELPER_IDLE;
	while (h->step != HELPER_IDLE)
		pthread_cond_wait(&h->done, &h->m);
	pthread_mutex_unlock(&h->m);
}
