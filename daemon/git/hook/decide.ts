/** A line of what git tells a pre-receive hook. */
export interface RefUpdate {
  /** Hex; zeros: there was, or will be, none. */
  readonly from: string;
  readonly to: string;
  /** `refs/heads/main` */
  readonly ref: string;
}

export interface Decision {
  /** What is said before anything else is done. */
  readonly lines: readonly string[];
  /** True: nothing of the push is taken. */
  readonly refused: boolean;
  /** What is to be built; null: nothing is. */
  readonly deploy: RefUpdate | null;
}

const DEPLOYING: readonly string[] = ['refs/heads/main', 'refs/heads/master'];

/** `head` is the branch that a clone would check out. */
export function decide(updates: readonly RefUpdate[], head: string): Decision {
  const deleted = updates.find(({ to, ref }) => isNone(to) && (ref === head || ref === DEPLOYING[0]));
  if (deleted) return refused(cannotDelete(deleted.ref));
  const deploys = updates.filter(({ to, ref }) => !isNone(to) && DEPLOYING.includes(ref));
  const [first, second] = deploys;
  if (first && second && first.to !== second.to) return refused(twoCommits);
  return {
    lines: updates.filter(({ to }) => !isNone(to)).flatMap(({ ref }) => skipped(ref)),
    refused: false,
    deploy: first ?? null,
  };
}

export const parseUpdate = (line: string): RefUpdate => {
  const [from = '', to = '', ...ref] = line.split(' ');
  return { from, to, ref: ref.join(' ') };
};

const isNone = (object: string): boolean => /^0+$/.test(object);

export const branchOf = (ref: string): string => ref.replace(/^refs\/heads\//, '');

const refused = (lines: readonly string[]): Decision => ({ lines, refused: true, deploy: null });

const cannotDelete = (ref: string): string[] => [
  ` !     ${branchOf(ref)} is what this app runs: it cannot be deleted. Nothing was changed.`,
  ' !     To stop the app: tfk ps:scale web=0. To remove it: tfk apps:destroy',
];

const twoCommits: readonly string[] = [
  ' !     main and master both deploy, and this push has another commit for each: which one is to run?',
  ' !     Nothing was changed. Push one of them: git push heroku main',
];

function skipped(ref: string): string[] {
  if (DEPLOYING.includes(ref)) return [];
  if (ref.startsWith('refs/tags/')) {
    const tag = shown(ref.slice('refs/tags/'.length));
    return [`Pushed tag ${tag}, skipping build: tags are kept, and deploy nothing.`];
  }
  const branch = shown(branchOf(ref));
  return [
    `Pushed to non-main branch ${branch}, skipping build: main and master deploy.`,
    `To deploy it, type: git push heroku ${branch}:main`,
  ];
}

/** A name that is to be typed after us; one that a shell would read otherwise is quoted. */
const shown = (name: string): string =>
  /^[\w./@+-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
