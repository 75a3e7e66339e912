/** As Heroku calls it. */
export const nameOf = ({ number }: { readonly number: number }): string =>
  `b${String(number).padStart(3, '0')}`;
