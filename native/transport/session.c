// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <string.h>

void session_init(struct session *session)
{
	pthread_mutex_init(&session->lock, NULL);
	pthread_cond_init(&session->changed, NULL);
}

static void announce_change(struct session *session)
{
	pthread_cond_broadcast(&session->changed);
	pthread_mutex_unlock(&session->lock);
}

const Trowel__V1__Config *session_await_config(struct session *session)
{
	pthread_mutex_lock(&session->lock);
	while (!session->config && !session->broken)
		pthread_cond_wait(&session->changed, &session->lock);
	pthread_mutex_unlock(&session->lock);
	return session->config;
}

void session_set_config(struct session *session, Trowel__V1__Config *config)
{
	pthread_mutex_lock(&session->lock);
	session->config = config;
	announce_change(session);
}

bool session_await_attached(struct session *session)
{
	pthread_mutex_lock(&session->lock);
	while (!session->attached && !session->broken)
		pthread_cond_wait(&session->changed, &session->lock);
	pthread_mutex_unlock(&session->lock);
	return session->attached;
}

void session_set_attached(struct session *session)
{
	pthread_mutex_lock(&session->lock);
	session->attached = true;
	announce_change(session);
}

void session_fail(struct session *session)
{
	pthread_mutex_lock(&session->lock);
	session->broken = true;
	announce_change(session);
}
