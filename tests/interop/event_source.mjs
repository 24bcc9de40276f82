// An EventSource as browsers have it, with the session's cookie, which Node has no jar for.
import { EventSource } from 'eventsource';
import { given, on, say } from './lines.mjs';

const { url, cookie } = given;
const source = new EventSource(url, {
  fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, cookie } }),
});

source.addEventListener('next', (event) => say({ next: JSON.parse(event.data), id: event.lastEventId }));
source.addEventListener('complete', () => {
  source.close();
  say({ complete: true });
});
source.addEventListener('open', () => say({ connected: true }));
source.addEventListener('error', (error) => {
  if (source.readyState === EventSource.CLOSED) say({ failed: error.message, status: error.code });
});

on('dispose', () => source.close());
