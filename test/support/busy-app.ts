import autocannon from 'autocannon';
import Database from 'better-sqlite3';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { aSmallApp, type Installation } from './installation.js';

/** Its web process dies at once on SIGTERM, its worker prints 200 numbered lines a second, each release takes a second. */
export function busyApp(): Record<string, string> {
  return aSmallApp('busy', {
    Procfile: 'web: node web.js\nworker: node worker.js\nrelease: sleep 1; echo released\n',
    'web.js': `
require('node:http')
  .createServer((req, res) => setTimeout(() => res.end('busy'), 50 + Math.random() * 100))
  .listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`,
    'worker.js': `
const id = require('node:crypto').randomUUID();
let count = 0;
setInterval(() => console.log('count', id, ++count), 5);
process.on('SIGTERM', () => { console.log('last', id, count); process.exit(0); });
`,
  });
}

/** Requests at this rate to an app, none of which the router may send twice, until `end`. */
export class Load {
  private readonly result: Promise<autocannon.Result>;
  private instance: autocannon.Instance | undefined;

  constructor(tfk: Installation, app: string, ratePerSecond: number) {
    const options = {
      url: `http://127.0.0.1:${tfk.running.routerPort}/`,
      method: 'POST',
      body: 'x',
      headers: { host: `${app}.localhost` },
      overallRate: ratePerSecond,
      connections: 10,
      duration: 600,
      timeout: 30,
    } as const;
    this.result = new Promise((resolve, reject) => {
      const done = (error: Error | null, result: autocannon.Result): void =>
        error ? reject(error) : resolve(result);
      this.instance = autocannon(options, done);
    });
  }

  async end(): Promise<{ failed: string; served: number }> {
    this.instance?.stop();
    const { non2xx, errors, timeouts, '2xx': served } = await this.result;
    return { failed: JSON.stringify({ non2xx, errors, timeouts }), served };
  }
}

/** All that a dyno of the one app has printed, in the order in which the log has it. */
export function linesOf(tfk: Installation, dyno: string): string[] {
  const folder = join(tfk.home, 'logs');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.db'))
    .flatMap((name) => {
      const db = new Database(join(folder, name), { readonly: true });
      try {
        const lines = 'SELECT text FROM lines WHERE source = 0 AND dyno = ? ORDER BY sequence';
        return db
          .prepare<[string], { text: string }>(lines)
          .all(dyno)
          .map(({ text }) => text);
      } finally {
        db.close();
      }
    });
}

/** What is missing or out of place: each process counts from 1, and one that was asked to end says how far it came. */
export function brokenCounts(lines: readonly string[]): string[] {
  const reached = new Map<string, number>();
  const broken: string[] = [];
  for (const line of lines) {
    const [word, id = '', number] = line.split(' ');
    const expected = (reached.get(id) ?? 0) + (word === 'count' ? 1 : 0);
    if (Number(number) !== expected) broken.push(`${line}, not ${expected}`);
    reached.set(id, Number(number));
  }
  return reached.size === 0 ? ['there are no lines'] : broken;
}
