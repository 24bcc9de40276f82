// urql: two pages of orders, a change, its event on a stream, and what was missed while nobody listened.
// npm install @urql/core; TOKEN=$(.venv/bin/tidegate token --email admin@acme.example) node docs/examples/urql.mjs
import { Client, fetchExchange } from '@urql/core';

const { GATE = 'http://127.0.0.1:8000', TOKEN } = process.env;
const PAGE = 'query Page($after: String) { orders(first: 2, after: $after) { nodes { id number } pageInfo { endCursor } } }';
const CHANGE = `mutation Change($id: ID!, $notes: String) {
  updateOrder(input: {id: $id, notes: $notes}) { order { id version } userErrors { message } }
}`;
const WATCH = 'subscription Watch($after: String) { orderEvents(after: $after) { type id patch cursor } }';

const client = new Client({
  url: `${GATE}/graphql`,
  preferGetMethod: false,
  fetchSubscriptions: true, // event streams by its own fetch: nothing else to install
  fetchOptions: { headers: { authorization: `Bearer ${TOKEN}` } },
  exchanges: [fetchExchange], // with graphcache: cacheExchange({ keys: { OrderEvent: () => null } }) before it
});

const done = ({ data, error }) => {
  if (error) throw error;
  return data;
};
const page = async (after) => {
  const { orders } = done(await client.query(PAGE, { after }).toPromise());
  console.log('page', ...orders.nodes.map((order) => order.number));
  return orders;
};
const change = async (id, notes) => {
  const { updateOrder } = done(await client.mutation(CHANGE, { id, notes }).toPromise());
  console.log('changed', updateOrder.order.version);
};
// The next event after a cursor, or from now on. Who goes on listening asks again after the last cursor when it ends.
const nextEvent = (after) =>
  new Promise((resolve, reject) => {
    const { unsubscribe } = client.subscription(WATCH, { after }).subscribe(({ data, error }) => {
      if (error) return reject(error);
      const { type, patch, cursor } = data.orderEvents;
      console.log('told', type, patch.version);
      setTimeout(unsubscribe); // not while it is telling
      resolve(cursor);
    });
  });

const first = await page();
await page(first.pageInfo.endCursor);
const [{ id }] = first.nodes;

const told = nextEvent();
await new Promise((open) => setTimeout(open, 1000)); // urql does not say when a stream is open
await change(id, 'from urql');
const cursor = await told;
await change(id, 'while nobody listened');
await nextEvent(cursor);
