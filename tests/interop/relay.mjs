// Relay's runtime without React; subscriptions by graphql-sse in its network layer. The two requests are what its
// compiler makes of the documents.
import relay from 'relay-runtime';
import { given, on, say } from './lines.mjs';
import { headers, resumed } from './sse_client.mjs';

const { Environment, Network, Observable, RecordSource, Store, createOperationDescriptor, requestSubscription } = relay;

const scalar = (name) => ({ alias: null, args: null, kind: 'ScalarField', name, storageKey: null });
const linked = (name, concreteType, args, selections) => ({
  alias: null, args, concreteType, kind: 'LinkedField', name, plural: false, selections, storageKey: null,
});
const variable = (name) => [{ kind: 'Variable', name, variableName: name }];
const order = (args) => linked('order', 'Order', args, [scalar('id'), scalar('status'), scalar('version')]);
const request = (operationKind, name, text, type, argument, selections) => {
  const argumentDefinitions = [{ defaultValue: null, kind: 'LocalArgument', name: argument }];
  return {
    fragment: { argumentDefinitions, kind: 'Fragment', metadata: null, name, selections, type, abstractKey: null },
    kind: 'Request',
    operation: { argumentDefinitions, kind: 'Operation', name, selections },
    params: { cacheID: name, id: null, metadata: {}, name, operationKind, text },
  };
};
const watch = request('subscription', 'Watch', given.watch, 'Subscription', 'after', [
  linked('orderEvents', 'OrderEvent', variable('after'), [scalar('type'), scalar('id'), scalar('cursor'), order(null)]),
]);
const one = request('query', 'One', given.one, 'Query', 'id', [order(variable('id'))]);

const environment = new Environment({
  getDataID: (record, type) => (type === 'OrderEvent' ? undefined : record.id), // an event is no entity
  network: Network.create(
    async ({ text }, variables) => {
      const body = JSON.stringify({ query: text, variables });
      const answer = await fetch(given.url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', accept: 'application/graphql-response+json' },
        body,
      });
      return answer.json();
    },
    ({ text, name }, variables) =>
      Observable.create((sink) => resumed({ query: text, operationName: name, variables }, sink)),
  ),
  store: new Store(new RecordSource()),
});

const failed = (error) => say({ failed: String(error) });
const running = requestSubscription(environment, {
  subscription: watch,
  variables: {},
  onNext: (data) => say({ next: { data } }),
  onError: failed,
});
on('dispose', () => running.dispose());
if (given.order) {
  const operation = createOperationDescriptor(one, { id: given.order });
  environment.retain(operation);
  environment.execute({ operation }).subscribe({
    error: failed,
    complete: () => {
      const snapshot = environment.lookup(operation.fragment);
      say({ cached: snapshot.data.order });
      environment.subscribe(snapshot, ({ data }) => say({ cached: data.order }));
    },
  });
}
