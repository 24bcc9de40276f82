// All audits of graphql-http, one line each.
import { serverAudits } from 'graphql-http';
import { given, say } from './lines.mjs';

const { url, token } = given;
const fetchFn = (input, init) =>
  fetch(input, { ...init, headers: { ...init?.headers, authorization: `Bearer ${token}` } });

for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name, status, reason } = await audit.fn();
  say({ audit: { id, name, status, reason } });
}
say({ done: true });
