import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const POINTER = /`([\w./-]+):(\d+)`\s+`([^`]+)`/g;

test('each line that the README points at is what it says it is', () => {
  const pointers = [...readFileSync('README.md', 'utf8').matchAll(POINTER)];
  assert.ok(pointers.length >= 18, `found ${pointers.length}`);
  for (const [, file = '', line = '', text = ''] of pointers) {
    const there = readFileSync(file, 'utf8').split('\n')[Number(line) - 1] ?? '';
    assert.ok(there.includes(text), `${file}:${line} is \`${there.trim()}\`, not \`${text}\``);
  }
});
