// npm run check: all scripts named check:… of package.json side by side, as many as there are processors, and one more.
// What a step printed is shown whole, and only where it failed. `npm run check -- lint types` runs only these.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';

const { scripts } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const known = Object.keys(scripts)
  .filter((name) => name.startsWith('check:'))
  .map((name) => name.slice('check:'.length));
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no step ${unknown.join(', ')}; there are ${known.join(', ')}.`);
  process.exit(2);
}

const running = new Set();

/** In a process group of its own, so that its end ends all that it has started. */
function run(name) {
  return new Promise((resolve) => {
    const began = performance.now();
    const output = [];
    const child = spawn('npm', ['run', '--silent', `check:${name}`], {
      cwd: new URL('.', import.meta.url),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) => output.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (code) => {
      running.delete(child);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      resolve({ ok: code === 0, name, seconds, output: Buffer.concat(output) });
    });
  });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const { pid } of running) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    process.exit(128 + constants.signals[signal]);
  });
}

const waiting = asked.length > 0 ? asked : known;
const began = performance.now();
let failed = 0;

async function work() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const { ok, seconds, output } = await run(name);
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(8)} ${seconds.padStart(5)} s`);
    if (ok) continue;
    failed += 1;
    process.stdout.write(output);
  }
}

await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
console.log(
  `${failed === 0 ? 'All is well' : `${failed} failed`} after ${((performance.now() - began) / 1000).toFixed(1)} s`,
);
process.exitCode = failed === 0 ? 0 : 1;
