// Apollo Client 4 with its normalised cache; subscriptions by graphql-sse, in a link as its documentation shows it.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, Observable, gql } from '@apollo/client';
import { OperationTypeNode, print } from 'graphql';
import { given, on, say } from './lines.mjs';
import { headers, resumed } from './sse_client.mjs';

const streams = new ApolloLink(
  ({ query, variables, operationName }) =>
    new Observable((sink) =>
      resumed({ query: print(query), variables, operationName }, {
        next: (result) => sink.next(result),
        error: (error) => sink.error(error),
        complete: () => sink.complete(),
      }),
    ),
);
const client = new ApolloClient({
  cache: new InMemoryCache({ typePolicies: { OrderEvent: { keyFields: false } } }), // an event is no entity
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    streams,
    new HttpLink({ uri: given.url, headers }),
  ),
});

const running = client
  .subscribe({ query: gql(given.watch) })
  .subscribe(({ data, error }) => say(error ? { failed: String(error) } : { next: { data } }));
on('dispose', () => running.unsubscribe());
if (given.order) {
  client
    .watchQuery({ query: gql(given.one), variables: { id: given.order } })
    .subscribe(({ data, error }) => {
      if (error) say({ failed: String(error) });
      else if (data) say({ cached: data.order });
    });
}
