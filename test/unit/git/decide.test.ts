import { describe, expect, it } from 'vitest';
import { decide, parseUpdate } from '../../../daemon/git/hook/decide.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const NONE = '0'.repeat(40);
const HEAD = 'refs/heads/main';

const decided = (...lines: string[]) => decide(lines.map(parseUpdate), HEAD);

describe('what a push asks for', () => {
  it.each(['main', 'master'])('%s deploys', (branch) => {
    expect(decided(`${NONE} ${A} refs/heads/${branch}`)).toEqual({
      lines: [],
      refused: false,
      deploy: { from: NONE, to: A, ref: `refs/heads/${branch}` },
    });
  });

  it('another branch is taken and deploys nothing, whatever its name', () => {
    for (const branch of ['dev', 'main2', 'x/main', 'refs/heads/main']) {
      const { deploy, refused, lines } = decided(`${A} ${B} refs/heads/${branch}`);
      expect({ deploy, refused }).toEqual({ deploy: null, refused: false });
      expect(lines.join('\n')).toContain(`git push heroku ${branch}:main`);
    }
  });

  it('a deploy beside others says what is not built', () => {
    const { deploy, lines } = decided(
      `${A} ${B} refs/heads/dev`,
      `${A} ${B} ${HEAD}`,
      `${NONE} ${A} refs/tags/v1`,
    );
    expect(deploy?.ref).toBe(HEAD);
    expect(lines.join('\n')).toMatch(/non-main branch dev[^]*tag v1/);
  });

  it('the end of what runs refuses all of a push; the end of anything else is quiet', () => {
    expect(decided(`${A} ${NONE} ${HEAD}`, `${A} ${B} refs/heads/dev`)).toMatchObject({
      refused: true,
      deploy: null,
    });
    expect(decide([parseUpdate(`${A} ${NONE} refs/heads/master`)], 'refs/heads/master').refused).toBe(true);
    expect(decided(`${A} ${NONE} refs/heads/master`)).toEqual({ lines: [], refused: false, deploy: null });
    expect(decided(`${A} ${NONE} refs/heads/dev`)).toEqual({ lines: [], refused: false, deploy: null });
  });

  it('main and master of two commits are refused; of one they are one deploy', () => {
    expect(decided(`${NONE} ${A} ${HEAD}`, `${NONE} ${B} refs/heads/master`).refused).toBe(true);
    expect(decided(`${NONE} ${A} ${HEAD}`, `${NONE} ${A} refs/heads/master`).deploy?.ref).toBe(HEAD);
  });

  it('a name that a shell would read is quoted', () => {
    expect(decided(`${NONE} ${A} refs/heads/$(reboot);'x`).lines[1]).toBe(
      "To deploy it, type: git push heroku '$(reboot);'\\''x':main",
    );
  });
});
