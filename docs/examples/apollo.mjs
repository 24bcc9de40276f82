// Apollo Client: two pages of orders, a change, its event on a stream, and what was missed while nobody listened.
// npm install @apollo/client rxjs graphql
// TOKEN=$(.venv/bin/tidegate token --email admin@acme.example) node docs/examples/apollo.mjs
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';

const { GATE = 'http://127.0.0.1:8000', TOKEN } = process.env;
const PAGE = gql`query Page($after: String) {
  orders(first: 2, after: $after) { nodes { id number } pageInfo { endCursor } }
}`;
const CHANGE = gql`mutation Change($id: ID!, $notes: String) {
  updateOrder(input: {id: $id, notes: $notes}) { order { id version } userErrors { message } }
}`;
const WATCH = gql`subscription Watch($after: String) { orderEvents(after: $after) { type id patch cursor } }`;

const client = new ApolloClient({
  // Subscriptions too: its link asks for them in parts (multipart/mixed), and gets them.
  link: new HttpLink({ uri: `${GATE}/graphql`, headers: { authorization: `Bearer ${TOKEN}` } }),
  cache: new InMemoryCache({ typePolicies: { OrderEvent: { keyFields: false } } }), // an event is no entity
});

const page = async (after) => {
  const { data } = await client.query({ query: PAGE, variables: { after } });
  console.log('page', ...data.orders.nodes.map((order) => order.number));
  return data.orders;
};
const change = async (id, notes) => {
  const { data } = await client.mutate({ mutation: CHANGE, variables: { id, notes } });
  console.log('changed', data.updateOrder.order.version);
};
// The next event after a cursor, or from now on. Who goes on listening asks again after the last cursor when it ends.
const nextEvent = (after) =>
  new Promise((resolve, reject) => {
    const running = client.subscribe({ query: WATCH, variables: { after } }).subscribe(({ data, error }) => {
      if (error) return reject(error);
      const { type, patch, cursor } = data.orderEvents;
      console.log('told', type, patch.version);
      setTimeout(() => running.unsubscribe());
      resolve(cursor);
    });
  });

const first = await page();
await page(first.pageInfo.endCursor);
const [{ id }] = first.nodes;

const told = nextEvent();
await new Promise((open) => setTimeout(open, 1000)); // Apollo does not say when a stream is open
await change(id, 'from Apollo');
const cursor = await told;
await change(id, 'while nobody listened');
await nextEvent(cursor);
