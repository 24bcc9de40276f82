// Relay: two pages of orders, a change, its event on a stream, and what was missed while nobody listened. What to copy is
// the environment; the requests below it are what relay-compiler makes of graphql`…`.
// npm install relay-runtime graphql-sse
// TOKEN=$(.venv/bin/tidegate token --email admin@acme.example) node docs/examples/relay.mjs
import { createClient } from 'graphql-sse';
import relay from 'relay-runtime';

const { Environment, Network, Observable, RecordSource, Store, commitMutation, fetchQuery, requestSubscription } = relay;
const { GATE = 'http://127.0.0.1:8000', TOKEN } = process.env;
const headers = { authorization: `Bearer ${TOKEN}` };

let opened;
const streams = createClient({
  url: `${GATE}/graphql/stream`,
  headers,
  retryAttempts: Infinity, // it comes back by itself …
  on: { connected: () => opened?.() },
});
const environment = new Environment({
  getDataID: (record, type) => (type === 'OrderEvent' ? undefined : record.id), // an event is no entity
  network: Network.create(
    async ({ text }, variables) => {
      const answer = await fetch(`${GATE}/graphql`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', accept: 'application/graphql-response+json' },
        body: JSON.stringify({ query: text, variables }),
      });
      return answer.json();
    },
    ({ text, name }, variables) =>
      Observable.create((sink) => {
        const asked = { query: text, operationName: name, variables: { ...variables } };
        return streams.subscribe(asked, {
          next(result) {
            if (result.extensions?.cursor) asked.variables.after = result.extensions.cursor; // … after what it saw last
            sink.next(result);
          },
          error: (error) => sink.error(error),
          complete: () => sink.complete(),
        });
      }),
  ),
  store: new Store(new RecordSource()),
});

const scalar = (name) => ({ alias: null, args: null, kind: 'ScalarField', name, storageKey: null });
const linked = (name, concreteType, args, selections, plural = false) => ({
  alias: null, args, concreteType, kind: 'LinkedField', name, plural, selections, storageKey: null,
});
const given = (name, variableName = name) => ({ kind: 'Variable', name, variableName });
const request = (operationKind, name, text, type, names, selections) => {
  const argumentDefinitions = names.map((each) => ({ defaultValue: null, kind: 'LocalArgument', name: each }));
  return {
    fragment: { argumentDefinitions, kind: 'Fragment', metadata: null, name, selections, type, abstractKey: null },
    kind: 'Request',
    operation: { argumentDefinitions, kind: 'Operation', name, selections },
    params: { cacheID: name, id: null, metadata: {}, name, operationKind, text },
  };
};
const PAGE = request(
  'query',
  'Page',
  'query Page($after: String) { orders(first: 2, after: $after) { nodes { id number } pageInfo { endCursor } } }',
  'Query',
  ['after'],
  [
    linked('orders', 'OrderConnection', [given('after'), { kind: 'Literal', name: 'first', value: 2 }], [
      linked('nodes', 'Order', null, [scalar('id'), scalar('number')], true),
      linked('pageInfo', 'PageInfo', null, [scalar('endCursor')]),
    ]),
  ],
);
const CHANGE = request(
  'mutation',
  'Change',
  'mutation Change($input: UpdateOrderInput!) { updateOrder(input: $input) { order { id version } } }',
  'Mutation',
  ['input'],
  [
    linked('updateOrder', 'UpdateOrderPayload', [given('input')], [
      linked('order', 'Order', null, [scalar('id'), scalar('version')]),
    ]),
  ],
);
const WATCH = request(
  'subscription',
  'Watch',
  'subscription Watch($after: String) { orderEvents(after: $after) { type id patch cursor } }',
  'Subscription',
  ['after'],
  [linked('orderEvents', 'OrderEvent', [given('after')], ['type', 'id', 'patch', 'cursor'].map(scalar))],
);

const page = async (after) => {
  const { orders } = await fetchQuery(environment, PAGE, { after }).toPromise();
  console.log('page', ...orders.nodes.map((order) => order.number));
  return orders;
};
const change = (id, notes) =>
  new Promise((resolve, reject) =>
    commitMutation(environment, {
      mutation: CHANGE,
      variables: { input: { id, notes } },
      onCompleted: ({ updateOrder }) => resolve(console.log('changed', updateOrder.order.version)),
      onError: reject,
    }),
  );
const nextEvent = (after) =>
  new Promise((resolve, reject) => {
    const running = requestSubscription(environment, {
      subscription: WATCH,
      variables: { after },
      onNext: ({ orderEvents: { type, patch, cursor } }) => {
        console.log('told', type, patch.version);
        setTimeout(() => running.dispose());
        resolve(cursor);
      },
      onError: reject,
    });
  });

const first = await page();
await page(first.pageInfo.endCursor);
const [{ id }] = first.nodes;

const isOpen = new Promise((resolve) => (opened = resolve));
const told = nextEvent();
await isOpen;
await change(id, 'from Relay');
const cursor = await told;
await change(id, 'while nobody listened');
await nextEvent(cursor);
