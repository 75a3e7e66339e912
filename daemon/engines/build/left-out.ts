import ignore from 'ignore';

/** Does a plan leave a folder that its steps made out of the slug, as of what only built a website? */
export const isLeftOut = (exclude: readonly string[], folder: string): boolean =>
  ignore()
    .add([...exclude])
    .ignores(`${folder}/`);
