// One subscription by graphql-sse's client in distinct connections mode, resumed by the documented recipe.
import { createClient } from 'graphql-sse';
import { given, on, say } from './lines.mjs';

const { url, token, query, variables = {} } = given;
const client = createClient({
  url,
  singleConnection: false,
  headers: { authorization: `Bearer ${token}` },
  retryAttempts: Infinity,
  retry: () => new Promise((resolve) => setTimeout(resolve, 50)),
});

const dispose = client.subscribe(
  { query, variables },
  {
    next(result) {
      if (result.extensions?.cursor) variables.after = result.extensions.cursor;
      say({ next: result });
    },
    error: (error) => say({ failed: String(error?.message ?? error) }),
    complete: () => say({ complete: true }),
  },
  { connected: (reconnected) => say({ connected: { reconnected } }) },
);

on('dispose', dispose);
