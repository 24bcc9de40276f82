// EventSource in Debian's Chromium: signs in by the page as a person does, then listens on a page of the server's own.
// `watch URL` opens one more EventSource there, `graphiql` opens GraphiQL and runs its first query, `elsewhere ORIGIN TOKEN`
// asks the server from a page of another origin, `example ORIGIN TOKEN FILE` opens a page of the examples there.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { given, say } from './lines.mjs';

const { base, executable, email, password } = given;
// Without a sandbox it also runs as root, as it does in a container; it opens nothing but this server.
const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox', '--disable-gpu'] });
const page = await (await browser.newContext()).newPage();
page.on('pageerror', (error) => say({ failed: String(error) }));

await page.goto(`${base}/auth/login?next=/version`);
await page.fill('input[name=email]', email);
await page.fill('input[name=password]', password);
await Promise.all([page.waitForURL(`${base}/version`), page.press('input[name=password]', 'Enter')]);

await page.exposeFunction('say', say);
say({ version: browser.version() });
let opened = 0;

// A tab on a site of another origin, which has this one page.
async function visit(origin, html, address = '/') {
  const tab = await page.context().newPage();
  const site = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(html));
  await new Promise((listening) => site.listen(new URL(origin).port, '127.0.0.1', listening));
  await tab.goto(origin + address);
  const leave = async () => {
    await tab.close();
    site.close();
  };
  return [tab, leave];
}

const verbs = {
  watch: (url) =>
    page.evaluate(
      ([address, number]) => {
        const source = new EventSource(address);
        (window.sources ??= []).push(source);
        source.addEventListener('open', () => say({ connected: number }));
        source.addEventListener('next', (event) =>
          say({ next: JSON.parse(event.data), id: event.lastEventId, of: number }),
        );
        source.addEventListener('error', () => {
          if (source.readyState === EventSource.CLOSED) say({ failed: 'closed for good', of: number });
        });
      },
      [url, opened++],
    ),
  graphiql: async () => {
    const tab = await page.context().newPage();
    tab.on('pageerror', (error) => say({ failed: String(error) }));
    await tab.addInitScript(() => {
      window.stopped = [];
      addEventListener('securitypolicyviolation', (event) => stopped.push(`${event.violatedDirective} ${event.blockedURI}`));
    });
    await tab.goto(`${base}/graphiql`);
    await tab.click('.graphiql-execute-button');
    await tab.waitForFunction(() => document.querySelector('.graphiql-response')?.innerText.includes('"data"'));
    say({ graphiql: await tab.evaluate(() => stopped) });
  },
  elsewhere: async (origin, token) => {
    const [tab, leave] = await visit(origin, '<p>another site</p>');
    const told = await tab.evaluate(
      async ([address, bearer]) => {
        const ask = (query, accept) =>
          fetch(address, {
            method: 'POST',
            credentials: 'include',
            headers: {
              accept,
              authorization: `Bearer ${bearer}`,
              'content-type': 'application/json',
              'x-request-id': 'from-elsewhere',
              'x-tenant': 'acme',
            },
            body: JSON.stringify({ query }),
          });
        try {
          const answer = await ask('{ viewer { user { email } } }', 'application/json');
          const stream = await ask('subscription { orderEvents { id } }', 'text/event-stream');
          const { value } = await stream.body.getReader().read();
          return {
            answer: await answer.json(),
            id: answer.headers.get('x-request-id'),
            stream: stream.headers.get('x-tidegate-stream'),
            begun: new TextDecoder().decode(value),
          };
        } catch (error) {
          return { stopped: String(error) };
        }
      },
      [`${base}/graphql`, token],
    );
    say({ elsewhere: told });
    await leave();
  },
  example: async (origin, token, file) => {
    const [tab, leave] = await visit(origin, await readFile(file), `/?gate=${base}#${token}`);
    const said = await tab.waitForFunction(() => /(.*)^(done|failed)/ms.exec(document.querySelector('#said').textContent));
    say({ example: await said.evaluate(([all]) => all) });
    await leave();
  },
  close: () => page.evaluate(() => window.sources.forEach((source) => source.close())),
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const [verb, ...rest] = line.split(' ');
  verbs[verb](...rest).catch((error) => say({ failed: String(error) }));
});
