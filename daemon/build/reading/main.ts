/**
 * A program of its own: answers questions about one unpacked source. Whoever wrote the source is not trusted, and what reads
 * manifests, lock files and patterns of it may be led into taking for ever: this program is ended then, and tfkd never waits. It
 * has little memory and an empty environment, and ends with its stdin.
 *
 *     node reading/main.js <folder>      a question a line on stdin, lines of `Said` on stdout
 */
import { createInterface } from 'node:readline';
import { answersAbout, type Question } from './questions.js';
import { failureOf, type Said } from './said.js';

const [folder = ''] = process.argv.slice(2);
let file: string | null = null;

const answers = answersAbout(folder, (path) => {
  file = path;
  // A pipe is written to at once: it is told also where nothing comes after.
  say({ reading: path });
});

process.umask(0o022);
for await (const line of createInterface({ input: process.stdin })) {
  const { question, ask } = JSON.parse(line) as { readonly question: Question; readonly ask: never };
  try {
    say({ answer: await answers[question](ask) });
  } catch (error) {
    say(failureOf(error, file));
  }
}
process.exit(0);

function say(said: Said): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
