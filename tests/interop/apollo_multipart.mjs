// Apollo Client 4 as it comes: subscriptions by its own HttpLink, in parts; it asks again after the last cursor.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, Observable, gql } from '@apollo/client';
import { given, on, say } from './lines.mjs';

const headers = { authorization: `Bearer ${given.token}` };
const client = new ApolloClient({
  cache: new InMemoryCache({ typePolicies: { OrderEvent: { keyFields: false } } }),
  link: new ApolloLink((operation, forward) => resumed(operation, forward)).concat(new HttpLink({ uri: given.url, headers })),
});

// Whatever ends a stream (a cut, the end of a server): again, from where it was.
function resumed(operation, forward) {
  return new Observable((sink) => {
    let running;
    let over = false;
    const again = () => !over && setTimeout(go, 50);
    const go = () => {
      if (over) return;
      running = forward(operation).subscribe({
        next: (result) => {
          if (!result.data) return;
          operation.variables.after = result.extensions?.cursor ?? operation.variables.after;
          sink.next(result);
        },
        error: again,
        complete: again,
      });
    };
    go();
    return () => {
      over = true;
      running?.unsubscribe();
    };
  });
}

const running = client
  .subscribe({ query: gql(given.watch) })
  .subscribe(({ data, error }) => say(error ? { failed: String(error) } : { next: { data } }));
on('dispose', () => running.unsubscribe());
