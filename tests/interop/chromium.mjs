// EventSource in Debian's Chromium: signs in by the page as a person does, then listens on a page of the server's own.
// `watch URL` opens one more EventSource there.
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
  close: () => page.evaluate(() => window.sources.forEach((source) => source.close())),
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const [verb, ...rest] = line.split(' ');
  verbs[verb](...rest).catch((error) => say({ failed: String(error) }));
});
