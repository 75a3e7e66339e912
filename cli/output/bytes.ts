const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `812 B`, `41.2 kB`, `1.3 GB`: decimal units, as disks and networks are sold. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? ''}`;
}
