// graphql-sse's client, as every cache below uses it: a subscription comes back by itself after its last cursor.
import { createClient } from 'graphql-sse';
import { given } from './lines.mjs';

export const headers = { authorization: `Bearer ${given.token}` };

const client = createClient({
  url: given.stream,
  headers,
  retryAttempts: Infinity,
  retry: () => new Promise((resolve) => setTimeout(resolve, 50)),
});

// Answers how to stop it.
export const resumed = ({ query, variables, operationName }, sink) => {
  const asked = { query, operationName, variables: { ...variables } };
  const next = (result) => {
    if (result.extensions?.cursor) asked.variables.after = result.extensions.cursor;
    sink.next(result);
  };
  return client.subscribe(asked, { next, error: (error) => sink.error(error), complete: () => sink.complete() });
};
