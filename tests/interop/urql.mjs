// @urql/core alone, its own event streams (`fetchSubscriptions`). It does not come back by itself: when a stream ends or
// fails, the subscription is asked for again after the last result's cursor.
import { Client, fetchExchange } from '@urql/core';
import { onEnd, pipe, subscribe } from 'wonka';
import { given, on, say } from './lines.mjs';

const { url, token, watch } = given;
const client = new Client({
  url,
  preferGetMethod: false,
  fetchSubscriptions: true,
  fetchOptions: { headers: { authorization: `Bearer ${token}` } },
  exchanges: [fetchExchange],
});

const variables = {};
let disposed = false;
let running;

const start = () => {
  let over = false;
  const again = () => {
    if (!over && !disposed) setTimeout(start, 50);
    over = true;
  };
  running = pipe(
    client.subscription(watch, { ...variables }),
    onEnd(again),
    subscribe((result) => {
      if (result.error?.networkError) return again();
      if (result.error) return say({ failed: String(result.error) });
      if (result.extensions?.cursor) variables.after = result.extensions.cursor;
      say({ next: { data: result.data, extensions: result.extensions } });
    }),
  );
};

start();
on('dispose', () => {
  disposed = true;
  running.unsubscribe();
});
