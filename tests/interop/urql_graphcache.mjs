// urql with its normalised cache; subscriptions by graphql-sse.
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { pipe, subscribe } from 'wonka';
import { given, on, say } from './lines.mjs';
import { headers, resumed } from './sse_client.mjs';

const client = new Client({
  url: given.url,
  preferGetMethod: false,
  fetchOptions: { headers },
  exchanges: [
    cacheExchange({ keys: { OrderEvent: () => null } }), // an event is no entity: its id is the order's
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (request) => ({ subscribe: (sink) => ({ unsubscribe: resumed(request, sink) }) }),
    }),
  ],
});

const running = pipe(
  client.subscription(given.watch, {}),
  subscribe(({ data, error, extensions }) => say(error ? { failed: String(error) } : { next: { data, extensions } })),
);
on('dispose', () => running.unsubscribe());
if (given.order) {
  pipe(
    client.query(given.one, { id: given.order }),
    subscribe(({ data, error }) => say(error ? { failed: String(error) } : { cached: data.order })),
  );
}
