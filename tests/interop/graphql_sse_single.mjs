// Several operations by graphql-sse's client in single connection mode, each resumed by the documented recipe.
// `dispose NAME` stops one, `subscribe NAME` starts it.
import { createInterface } from 'node:readline';
import { createClient } from 'graphql-sse';
import { given, say } from './lines.mjs';

const { url, token, operations, start = Object.keys(operations), retryAttempts = null } = given;
const client = createClient({
  url,
  singleConnection: true,
  // A function: the client writes each connection's token into the object that it is given.
  headers: () => ({ authorization: `Bearer ${token}` }),
  retryAttempts: retryAttempts ?? Infinity,
  fetchFn: async (address, options) => {
    const response = await fetch(address, options);
    if (options.method === 'POST') say({ posted: response.status });
    return response;
  },
  retry: () => new Promise((resolve) => setTimeout(resolve, 50)),
  on: { connected: (reconnected) => say({ connected: { reconnected } }) },
});

const disposers = {};
const verbs = {
  subscribe(name) {
    const { query, variables = {} } = operations[name];
    disposers[name] = client.subscribe(
      { query, variables },
      {
        next(result) {
          if (result.extensions?.cursor) variables.after = result.extensions.cursor;
          say({ next: result, of: name });
        },
        error: (error) => say({ refused: { of: name, status: error?.response?.status ?? null, text: String(error) } }),
        complete: () => say({ complete: name }),
      },
    );
  },
  dispose: (name) => disposers[name](),
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const [verb, name] = line.split(' ');
  verbs[verb](name);
});
start.forEach(verbs.subscribe);
